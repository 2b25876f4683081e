about='The stopped service requires the root file system, whose unit has a name like an option: -.mount'
site() { app_site; }
damage() {
    systemctl stop shop-app
    sed -i '/^Description/aRequires=-.mount' "$unit"
    systemctl daemon-reload
}

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says='shop-app is stopped'
apply=0 after=200
