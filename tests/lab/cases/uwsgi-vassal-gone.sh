about='uWSGI runs as an emperor, and the file of the application was renamed away'
site() {
    uwsgi_site
    mkdir -p /etc/uwsgi/vassals
    sed '/^\[uwsgi\]/achdir = /srv/shop' "$ini" >/etc/uwsgi/vassals/shop.ini
    chown www-data /etc/uwsgi/vassals/shop.ini
    sed -i 's|^ExecStart=.*|ExecStart=/usr/bin/uwsgi --emperor /etc/uwsgi/vassals|' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for test -S /run/shop-app/app.sock
}
damage() {
    mv /etc/uwsgi/vassals/shop.ini /etc/uwsgi/vassals/shop.ini.off
    local tries=100
    while test -S /run/shop-app/app.sock; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ]
        sleep 0.1
    done
}

exit=2 status=cause-found cause=unix-socket recommended=
says='Its folder is there for shop-app, which runs'
