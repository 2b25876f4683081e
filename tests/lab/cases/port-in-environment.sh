about='Only an EnvironmentFile tells the port of the service'
site() {
    app_site
    echo PORT=8000 >/etc/default/shop-app
    sed -i 's|127.0.0.1:8000|127.0.0.1:${PORT}|; /^Type/aEnvironmentFile=/etc/default/shop-app' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}
damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says=/etc/default/shop-app
apply=0 after=200
