about='Two pools: the socket of the second is gone, the first serves on'
site() {
    php_site
    sed "s|^\[www\]|[api]|; s|^listen = .*|listen = /run/php/api.sock|" "$pool" >"${pool%/*}/api.conf"
    systemctl restart "$fpm"
    sed -i "s|    location / {|    location = /api.php {\n        include fastcgi.conf;\n        fastcgi_pass unix:/run/php/api.sock;\n    }\n\n&|" "$shop"
    cp /srv/shop/index.php /srv/shop/api.php
    nginx_reload
}
damage() { rm /run/php/api.sock; }
url=http://127.0.0.1/api.php

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-$fpm_id
says='api.sock'
apply=0 after=200
