about='A maintenance service that conflicts with the application was started, and is at work'
site() {
    app_site
    printf '[Unit]\nDescription=Reindex the shop\nConflicts=shop-app.service\n[Service]\nExecStart=/bin/sleep 3000\n' >/etc/systemd/system/shop-reindex.service
    systemctl daemon-reload
}
damage() {
    systemctl start shop-reindex
    wait_for sh -c 'systemctl show --property=ActiveState shop-app | grep -q =inactive'
    sleep 0.5 # systemd's own notes about it go a little later
}

exit=2 status=cause-found cause=upstream-down recommended=
says='shop-reindex.service runs, .* to start shop-app would stop shop-reindex.service'
