about='The database refuses the password of the application, and systemd starts it again and again'
site() {
    app_site
    sed -i 's|gunicorn |gunicorn --preload |; /^Type/aRestart=always\nRestartSec=2' "$unit"
    sed -i '/^Description/aStartLimitIntervalSec=0' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}
damage() {
    echo 'raise ConnectionError("FATAL: password authentication failed for user \"shop\"")' >/srv/shop/app.py
    ! systemctl restart shop-app
    sleep 5
}

exit=2 status=cause-found cause=upstream-down recommended=
says='password authentication failed for user'
# Each attempt makes the unit's notes anew.
moves='^/run/systemd/(units|journal/streams)[/ ]'
