about='uWSGI was killed; its socket is named from its working directory, as tutorials do'
site() { uwsgi_site shop.sock; }
damage() { systemctl kill -s KILL shop-app; }

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-shop-app
says='left the file behind'
apply=0 after=200
