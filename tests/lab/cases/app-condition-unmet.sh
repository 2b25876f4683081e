about='The unit has a condition that is not met: systemd starts nothing, and says that all is well'
site() {
    app_site
    sed -i '/^Description/aConditionPathExists=/srv/shop/ready' "$unit"
    touch /srv/shop/ready
    systemctl daemon-reload
    systemctl restart shop-app
}
damage() {
    rm /srv/shop/ready
    systemctl restart shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=
says='its condition ConditionPathExists=/srv/shop/ready is not met'
