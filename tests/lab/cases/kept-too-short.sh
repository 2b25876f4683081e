about='The backend keeps connections for one second only: no value in nginx is surely shorter'
site() { kept_site 1 'Keep-Alive: timeout=1'; }
damage() { kept_race 1; }
broken=200

exit=2 status=cause-found cause=invalid-response recommended=
says='Either set keepalive_timeout in the upstream shop'
