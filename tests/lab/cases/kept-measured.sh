about='nginx keeps connections longer than the backend, which does not say how long'
site() { kept_site 4; }
damage() { kept_race 4; }
broken=200

exit=2 status=cause-found cause=invalid-response recommended=invalid-response/close-connections-first edits=/etc/nginx/conf.d/shop.conf
says='closes an idle one after more than 2 and at most 5 s'
apply=0 after=200
