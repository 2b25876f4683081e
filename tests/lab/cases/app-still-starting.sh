about='The application was just started and takes a while until it listens: it is on its way'
site() {
    app_site
    sed -i 's|^Type=.*|Type=simple|; s|^ExecStart=.*|ExecStart=/srv/shop/run|' "$unit"
    printf '#!/bin/sh\nsleep "$(cat /srv/shop/warmup)"\nexec gunicorn --bind 127.0.0.1:8000 app:app\n' >/srv/shop/run
    chmod 755 /srv/shop/run
    echo 0 >/srv/shop/warmup
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
}
damage() {
    echo 600 >/srv/shop/warmup
    systemctl restart shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=
says='may still be on its way'
