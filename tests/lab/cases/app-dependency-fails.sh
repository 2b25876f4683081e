about='What the application requires does not start'
site() {
    app_site
    printf '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/bin/test -e /srv/shop/database\n' >/etc/systemd/system/shop-db.service
    touch /srv/shop/database
    sed -i '/^Description/aRequires=shop-db.service\nAfter=shop-db.service' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}
damage() {
    rm /srv/shop/database
    systemctl stop shop-app shop-db
    ! systemctl start shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says='It requires shop-db.service, which has failed'
apply=6 after=502
