about='What the application requires was masked'
site() {
    app_site
    printf '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n' >/lib/systemd/system/shop-db.service
    sed -i '/^Description/aRequires=shop-db.service\nAfter=shop-db.service' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}
damage() {
    systemctl stop shop-app shop-db
    systemctl --quiet mask shop-db
    ! systemctl start shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=
says='It requires shop-db.service, which is masked'
