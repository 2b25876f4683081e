about="The page takes longer than uWSGI's harakiri: its worker is killed in the middle"
site() {
    uwsgi_site
    uwsgi_set harakiri 2
    systemctl restart shop-app
}
damage() {
    sed -i 's|^def|import time\n&|; s|^    start|    time.sleep(20)\n&|' /srv/shop/app.py
    systemctl restart shop-app
}

exit=2 status=cause-found cause=invalid-response recommended=
says='HARAKIRI'
