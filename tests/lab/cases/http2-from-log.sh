about='The site speaks HTTP/2, and the address comes from its log; the application is stopped'
site() {
    app_site
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=shop.localhost -days 2 \
        -keyout /etc/nginx/shop.key -out /etc/nginx/shop.crt 2>/dev/null
    sed -i 's|listen 80 .*|listen 8443 ssl http2;\n    server_name shop.localhost;\n    ssl_certificate shop.crt;\n    ssl_certificate_key shop.key;|' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-app; }
url=https://shop.localhost:8443/ ask=

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says='https://shop.localhost:8443/'
apply=0 after=200
