about='A PHP page takes longer than fastcgi_read_timeout'
site() {
    php_site
    echo '<?php sleep((int) @file_get_contents("/srv/shop/seconds")); echo "the shop is open";' >/srv/shop/index.php
    sed -i 's|fastcgi_pass |fastcgi_read_timeout 2s;\n        &|' "$shop"
    nginx_reload
}
damage() { echo 6 >/srv/shop/seconds; }
broken=504

exit=2 status=cause-found cause=proxy-timeout recommended=
says='fastcgi_read_timeout 2s'
