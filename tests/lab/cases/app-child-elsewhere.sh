about='A script starts the application on the port of its EnvironmentFile, which is another one than the unit and nginx name'
site() {
    app_site
    printf '#!/bin/sh\ngunicorn --bind "127.0.0.1:$PORT" app:app\nexit $?\n' >/srv/shop/run
    chmod 755 /srv/shop/run
    sed -i 's|^Type=.*|Type=simple\nEnvironment=PORT=8000\nEnvironmentFile=-/etc/default/shop-app|; s|^ExecStart=.*|ExecStart=/srv/shop/run|' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
}
damage() {
    echo PORT=8100 >/etc/default/shop-app
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8100/
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=wrong-proxy-pass/use-127-0-0-1-8100 edits=/etc/nginx/sites-enabled/shop
apply=0 after=200
