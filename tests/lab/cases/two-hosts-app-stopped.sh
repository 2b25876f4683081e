about='The backend is another host, and its application is stopped there'
backend=app
backend_site() { app_unit 0.0.0.0:8000; }
site() { far_site; }
backend_damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
