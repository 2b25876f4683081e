about='Two pools: the second is not configured any more, so no service can bring its socket back'
site() {
    php_site
    sed "s|^\[www\]|[api]|; s|^listen = .*|listen = /run/php/api.sock|" "$pool" >"${pool%/*}/api.conf"
    systemctl restart "$fpm"
    sed -i "s|    location / {|    location = /api.php {\n        include fastcgi.conf;\n        fastcgi_pass unix:/run/php/api.sock;\n    }\n\n&|" "$shop"
    cp /srv/shop/index.php /srv/shop/api.php
    nginx_reload
}
damage() {
    mv "${pool%/*}/api.conf" "${pool%/*}/api.conf.old"
    systemctl restart "$fpm"
}
url=http://127.0.0.1/api.php

exit=2 status=cause-found cause=unix-socket recommended=
