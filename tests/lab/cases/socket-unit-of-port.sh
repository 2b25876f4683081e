about='systemd holds the TCP port of the application, and that socket unit was stopped'
site() {
    app_site
    printf '[Socket]\nListenStream=127.0.0.1:8000\n[Install]\nWantedBy=sockets.target\n' >"${unit%.service}.socket"
    sed -i 's|--bind [^ ]* ||' "$unit"
    systemctl stop shop-app
    systemctl daemon-reload
    systemctl --quiet disable shop-app
    systemctl --quiet enable --now shop-app.socket
}
damage() { systemctl stop shop-app.socket shop-app.service; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app-socket
says='shop-app.socket is stopped'
apply=0 after=200
