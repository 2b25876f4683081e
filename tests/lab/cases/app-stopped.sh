about='The gunicorn service was stopped by hand'
site() { app_site; }
damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
