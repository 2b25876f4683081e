about='nginx keeps connections longer than the backend, which says how long it does; a POST meets one that is being closed'
site() { kept_site 3 'Keep-Alive: timeout=3'; }
damage() { kept_race 3; }
broken=200

exit=2 status=cause-found cause=invalid-response recommended=invalid-response/close-connections-first edits=/etc/nginx/conf.d/shop.conf
says='closes an idle one after 3 s, as its header'
apply=0 after=200
