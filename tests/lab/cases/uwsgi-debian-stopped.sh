about="Debian's service for /etc/uwsgi/apps-enabled was stopped; the socket is named by its defaults"
site() { uwsgi_debian_site; }
damage() { systemctl stop uwsgi; }

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-uwsgi
says='uwsgi is stopped'
apply=0 after=200
