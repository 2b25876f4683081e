about='Each customer has a name, and a regular expression in server_name makes the socket of it; the one of acme is stopped'
site() {
    app_site
    app_next
    for name in acme:8000 other:8001; do
        sed -i "s|--bind 127.0.0.1:${name#*:}|--bind unix:/run/shop/${name%:*}.sock|" "${unit%/*}"/shop-*.service
    done
    mkdir -p /run/shop
    chown www-data /run/shop
    systemctl daemon-reload
    systemctl restart shop-app shop-next
    nginx_site <<'CONF'
server {
    listen 80 default_server;
    server_name ~^(?<customer>[a-z]+)\.shop\.localhost$;
    location / {
        proxy_pass http://unix:/run/shop/$customer.sock;
    }
}
CONF
}
damage() { systemctl stop shop-app; }
url=http://acme.shop.localhost/

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-shop-app
apply=0 after=200
