about='Nobody tells fettle the address; one virtual host of two fails'
site() {
    php_site
    sed "s|80 default_server;|80;\n    server_name shop.localhost;|; s|/run/php/$fpm.sock|/run/php/api.sock|" "$shop" \
        >/etc/nginx/sites-enabled/second
    sed "s|^\[www\]|[api]|; s|^listen = .*|listen = /run/php/api.sock|" "$pool" >"${pool%/*}/api.conf"
    systemctl restart "$fpm"
    nginx_reload
}
damage() { rm /run/php/api.sock; }
url=http://shop.localhost/ ask=

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-$fpm_id
says='http://shop.localhost/'
apply=0 after=200
