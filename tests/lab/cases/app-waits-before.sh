about='The unit waits for its database before it starts the application, without an end'
site() {
    app_site
    printf '#!/bin/sh\nuntil test -e /srv/shop/database; do sleep 1; done\n' >/srv/shop/await
    chmod 755 /srv/shop/await
    touch /srv/shop/database
    sed -i 's|^ExecStart=.*|RuntimeDirectory=shop-app\nTimeoutStartSec=infinity\nExecStartPre=/srv/shop/await\nExecStart=/usr/bin/gunicorn --bind unix:/run/shop-app/app.sock app:app|' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i 's|proxy_pass .*|proxy_pass http://unix:/run/shop-app/app.sock;|' "$shop"
    nginx_reload
}
damage() {
    rm /srv/shop/database
    systemctl --no-block restart shop-app
    wait_for sh -c 'systemctl show --property=SubState shop-app | grep -q start-pre'
}

exit=2 status=cause-found cause=unix-socket recommended=
says='/srv/shop/await., has not ended'
moves=': sleep 1$'
