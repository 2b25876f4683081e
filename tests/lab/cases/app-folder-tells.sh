about='Nothing names the socket of the stopped service but the program itself; its folder is made for that service'
site() {
    app_site
    mkdir -p /srv/shop/bin
    printf '#!/bin/sh\nexec gunicorn --bind "unix:$RUNTIME_DIRECTORY/web.sock" app:app\n' >/srv/shop/bin/serve
    chmod 755 /srv/shop/bin/serve
    sed -i 's|^ExecStart=.*|RuntimeDirectory=storefront\nExecStart=/srv/shop/bin/serve|' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i 's|proxy_pass .*|proxy_pass http://unix:/run/storefront/web.sock;|' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-shop-app
says='shop-app is stopped ./etc/systemd/system/shop-app.service makes its folder'
apply=0 after=200
