about='The file with the settings of the service is gone'
site() {
    app_site
    sed -i 's/:8000/:${PORT}/; /^ExecStart/iEnvironmentFile=/etc/default/shop-app' "$unit"
    echo PORT=8000 >/etc/default/shop-app
    systemctl daemon-reload
    systemctl restart shop-app
}
damage() {
    rm /etc/default/shop-app
    ! systemctl restart shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=
says='One service should run and does not: shop-app .*/etc/default/shop-app, does not exist'
