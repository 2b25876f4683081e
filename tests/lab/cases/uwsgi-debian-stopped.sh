about="Debian's service for /etc/uwsgi/apps-enabled was stopped; the socket is named by its defaults"
site() {
    uwsgi_site
    systemctl --quiet disable --now shop-app
    rm "$unit"
    systemctl daemon-reload
    sed '/^socket/d; /^chmod/d; s/^module/chdir = \/srv\/shop\n&/' "$ini" >/etc/uwsgi/apps-enabled/shop.ini
    systemctl start uwsgi
    sed -i 's|/run/shop-app/app.sock|/run/uwsgi/app/shop/socket|' "$shop"
    nginx_reload
}
damage() { systemctl stop uwsgi; }

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-uwsgi
says='uwsgi is stopped'
apply=0 after=200
