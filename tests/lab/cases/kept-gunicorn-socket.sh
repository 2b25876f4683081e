about="nginx keeps connections to the Unix socket of a threaded gunicorn, which closes idle ones after --keep-alive"
site() {
    kept_site 3
    sed -i 's|^ExecStart=.*|ExecStart=/usr/bin/gunicorn --threads 4 --keep-alive 3 --bind unix:/run/shop-app/app.sock app:app|
        /^Type/aRuntimeDirectory=shop-app' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for curl -s -o /dev/null --unix-socket /run/shop-app/app.sock http://localhost/
    sed -i 's|server 127.0.0.1:8000|server unix:/run/shop-app/app.sock|' /etc/nginx/conf.d/shop.conf
    nginx_reload
}
damage() {
    sleep 3 # what was said at the start is over
    kept_race 5
}
broken=200

exit=2 status=cause-found cause=invalid-response recommended=invalid-response/close-connections-first edits=/etc/nginx/conf.d/shop.conf
says='closes an idle one after more than 2 and at most 5 s'
apply=0 after=200
