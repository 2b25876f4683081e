about='A PHP page takes longer than request_terminate_timeout: the pool ends its process, and nginx gets no answer'
site() {
    php_site
    sed -i 's|^;*request_terminate_timeout = .*|request_terminate_timeout = 2s|' "$pool"
    systemctl restart "$fpm"
    nginx_reload
}
# PHP looks whether a page has changed every two seconds (opcache.revalidate_freq).
damage() {
    echo '<?php sleep(30); echo "the shop is open";' >/srv/shop/index.php
    sleep 3
}

exit=2 status=cause-found cause=invalid-response recommended=
says='request_terminate_timeout'
moves='/var/log/php[0-9.]*-fpm.log ' # PHP's own account of each request
