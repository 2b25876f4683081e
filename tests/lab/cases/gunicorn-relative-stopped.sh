about='gunicorn is stopped; its unit names the socket from its working directory, as tutorials do'
site() {
    app_site
    sed -i 's|127.0.0.1:8000|unix:shop.sock|' "$unit"
    chown www-data /srv/shop
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i 's|http://127.0.0.1:8000|http://unix:/srv/shop/shop.sock|' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-shop-app
says='shop-app is stopped'
apply=0 after=200
