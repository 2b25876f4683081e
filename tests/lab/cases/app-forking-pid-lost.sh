about='A service of Type=forking writes its PID file elsewhere since an update: systemd waits for it, and ends the service'
site() {
    app_site
    sed -i 's|^Type=.*|Type=forking\nPIDFile=/run/shop-app/app.pid\nRuntimeDirectory=shop-app\nTimeoutStartSec=2|; s|gunicorn |gunicorn --daemon --pid /run/shop-app/app.pid |' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}
damage() {
    sed -i 's|--pid [^ ]*|--pid /run/shop-app/gunicorn.pid|' "$unit"
    systemctl daemon-reload
    ! systemctl restart shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=
says='waited for its PID file /run/shop-app/app.pid'
