about="uWSGI's relative socket lets in its owner and group only, and nginx is neither"
site() {
    uwsgi_site shop.sock
    sed -i 's|^User=.*|User=ops|' "$unit"
    chown ops:ops /srv/shop
    uwsgi_set chmod-socket 666
    systemctl daemon-reload
    systemctl restart shop-app
}
damage() {
    uwsgi_set chmod-socket 660
    systemctl restart shop-app
}

exit=2 status=cause-found cause=unix-socket recommended=
says='chmod-socket = 660 in /srv/shop/shop.ini'
