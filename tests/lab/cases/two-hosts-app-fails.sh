about='The backend is another host, where the application ends with an error when it starts'
backend=app
backend_site() { app_unit 0.0.0.0:8000; }
site() { far_site; }
backend_damage() { app_breaks; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=6 after=502
apply_says='no database configured'
