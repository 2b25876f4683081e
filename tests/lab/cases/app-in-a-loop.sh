about='A script starts the application again and again; for systemd the service runs'
site() {
    app_site
    printf '#!/bin/sh\nwhile :; do gunicorn --preload --bind 127.0.0.1:8000 app:app; sleep 1; done\n' >/srv/shop/run
    chmod 755 /srv/shop/run
    sed -i 's|^Type=.*|Type=simple|; s|^ExecStart=.*|ExecStart=/srv/shop/run|' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
}
damage() {
    echo 'import prices_v2' >/srv/shop/app.py
    systemctl restart shop-app
    sleep 3
}

exit=2 status=cause-found cause=upstream-down recommended=
says='shop-app runs ./srv/shop/run names it.*No module named .prices_v2'
# What the script does meanwhile.
moves=': (sleep 1|/usr/bin/python3 /usr/bin/gunicorn.*|/bin/sh /srv/shop/run)$'
