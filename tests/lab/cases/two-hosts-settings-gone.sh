about='The backend is another host, where the file with the settings of the service is gone, its port among them'
backend=app
backend_site() {
    app_unit 0.0.0.0:8000
    sed -i 's/:8000/:${PORT}/; /^ExecStart/iEnvironmentFile=/etc/default/shop-app' "$unit"
    echo PORT=8000 >/etc/default/shop-app
    systemctl daemon-reload
    systemctl restart shop-app
}
site() { far_site; }
backend_damage() {
    rm /etc/default/shop-app
    ! systemctl restart shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=
says='One service should run and does not: shop-app .*/etc/default/shop-app, does not exist'
