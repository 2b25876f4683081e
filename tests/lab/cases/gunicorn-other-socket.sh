about='nginx names a socket that nobody makes, and gunicorn listens on another one'
site() {
    app_site
    sed -i 's|127.0.0.1:8000|unix:/run/shop-app/app.sock|; /^Type/aRuntimeDirectory=shop-app' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i 's|http://127.0.0.1:8000|http://unix:/run/shop-app/app.sock|' "$shop"
    nginx_reload
}
damage() {
    sed -i 's|/run/shop-app/app.sock|/run/shop/shop.sock|' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/use-app-sock edits=/etc/nginx/sites-enabled/shop
says='gunicorn \(pid [0-9]+\) listens on /run/shop-app/app.sock'
apply=0 after=200
