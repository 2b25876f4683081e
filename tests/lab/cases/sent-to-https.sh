about='The address given answers with a redirect to https since the site was moved there, where the application is stopped'
site() { app_site; }
damage() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=127.0.0.1 -days 2 \
        -keyout /etc/nginx/shop.key -out /etc/nginx/shop.crt 2>/dev/null
    sed -i 's|listen 80 .*|listen 443 ssl default_server;\n    ssl_certificate shop.crt;\n    ssl_certificate_key shop.key;|' "$shop"
    printf 'server {\n    listen 80 default_server;\n    return 301 https://$host$request_uri;\n}\n' >/etc/nginx/conf.d/tls.conf
    systemctl stop shop-app
    nginx_reload
}
broken=301

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says='sends on to https://127.0.0.1/, which answers 502'
apply=0 after=301
