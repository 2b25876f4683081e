about='Two services are set to the port, and both are stopped: nobody but a person knows which is meant'
site() {
    app_site
    sed 's/^Description=.*/Description=The next shop/' "$unit" >"${unit%/*}/shop-next.service"
    systemctl daemon-reload
}
damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=upstream-down recommended=
says='shop-next'
