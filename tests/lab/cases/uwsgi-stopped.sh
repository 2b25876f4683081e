about='The uWSGI service was stopped by hand; only its ini file names the socket'
site() { uwsgi_site; }
damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-shop-app
says='/srv/shop/shop.ini:7'
apply=0 after=200
