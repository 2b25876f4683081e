about='The site speaks TLS with a certificate of its own making; PHP-FPM is stopped'
site() {
    php_site
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=shop.localhost -days 2 \
        -keyout /etc/nginx/shop.key -out /etc/nginx/shop.crt 2>/dev/null
    sed -i 's|listen 80 .*|listen 443 ssl default_server;\n    ssl_certificate shop.crt;\n    ssl_certificate_key shop.key;|' "$shop"
    nginx_reload
}
damage() { systemctl stop "$fpm"; }
url=https://127.0.0.1/

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-$fpm_id
apply=0 after=200
