about='systemd holds the socket for gunicorn, as its own manual says, and that socket unit was stopped'
site() {
    app_site
    printf '[Socket]\nListenStream=/run/shop.sock\nSocketUser=www-data\n[Install]\nWantedBy=sockets.target\n' \
        >"${unit%.service}.socket"
    sed -i 's|--bind [^ ]* ||' "$unit"
    systemctl stop shop-app
    systemctl daemon-reload
    systemctl --quiet disable shop-app
    systemctl --quiet enable --now shop-app.socket
    sed -i 's|http://127.0.0.1:8000|http://unix:/run/shop.sock|' "$shop"
    nginx_reload
}
damage() {
    systemctl stop shop-app.socket shop-app.service
}

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-shop-app-socket
says='shop-app.socket is stopped'
apply=0 after=200
