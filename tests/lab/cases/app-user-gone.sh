about='The user that the service runs as was removed'
site() {
    app_site
    useradd -r shopper
    sed -i 's/^User=.*/User=shopper/' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}
damage() {
    systemctl stop shop-app
    userdel shopper
    ! systemctl start shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=
says='status 217/USER., its user is shopper'
