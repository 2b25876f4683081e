about='proxy_pass names a Unix socket with a path behind it, and the application is stopped'
site() {
    app_site
    app_knows /shop/
    sed -i 's|127.0.0.1:8000|unix:/run/shop-app/app.sock|; /^Type/aRuntimeDirectory=shop-app' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i 's|http://127.0.0.1:8000|http://unix:/run/shop-app/app.sock:/shop/|' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-shop-app
apply=0 after=200
