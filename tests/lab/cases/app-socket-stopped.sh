about='A gunicorn service behind a Unix socket was stopped'
site() {
    app_site
    sed -i 's|127.0.0.1:8000|unix:/run/shop-app/app.sock|; /^Type/aRuntimeDirectory=shop-app' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i 's|http://127.0.0.1:8000|http://unix:/run/shop-app/app.sock:|' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-shop-app
apply=0 after=200
