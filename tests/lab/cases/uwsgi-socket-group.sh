about="Debian's service makes the socket for root only, since the application's own file says so; nginx is shut out"
site() { uwsgi_debian_site; }
damage() {
    echo 'chown-socket = root' >>/etc/uwsgi/apps-enabled/shop.ini
    echo 'chmod-socket = 600' >>/etc/uwsgi/apps-enabled/shop.ini
    systemctl restart uwsgi
}

exit=2 status=cause-found cause=unix-socket recommended=
says='/etc/uwsgi/apps-enabled/shop.ini:[0-9]+'
