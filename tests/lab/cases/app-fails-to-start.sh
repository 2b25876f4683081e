about='The application ends with an error when it starts, and systemd notices'
site() { app_site; }
damage() { app_breaks; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=6 after=502
apply_says='no database configured'
