about='The service was uninstalled; nothing on the host has to do with the port'
site() { app_site; }
damage() {
    systemctl --quiet disable --now shop-app
    rm "$unit"
    systemctl daemon-reload
}

exit=2 status=cause-found cause=upstream-down recommended=
