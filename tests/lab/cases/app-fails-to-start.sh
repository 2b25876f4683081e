about='The application ends with an error when it starts, and systemd notices'
site() { app_site; }
damage() {
    sed -i 's/gunicorn /&--preload /' "$unit"
    systemctl daemon-reload
    echo 'raise RuntimeError("no database configured")' >/srv/shop/app.py
    ! systemctl restart shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=6 after=502
apply_says='no database configured'
