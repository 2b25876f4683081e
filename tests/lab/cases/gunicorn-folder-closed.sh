about="The application's RuntimeDirectory is for itself alone, so nginx's workers may not pass it"
site() {
    app_site
    sed -i 's|127.0.0.1:8000|unix:/run/shop-app/app.sock|; s|^User=.*|User=nobody|; /^Type/aRuntimeDirectory=shop-app' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i 's|http://127.0.0.1:8000|http://unix:/run/shop-app/app.sock|' "$shop"
    nginx_reload
}
damage() {
    sed -i '/^RuntimeDirectory=/aRuntimeDirectoryMode=0700' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}

exit=2 status=cause-found cause=unix-socket recommended=
says='/run/shop-app'
