about='The only server of the upstream block has max_conns=1, and a slow report keeps that connection: nobody is down'
site() {
    app_site
    app_slow
    printf 'upstream shop {\n    zone shop 64k;\n    server 127.0.0.1:8000 max_conns=1;\n}\n' >/etc/nginx/conf.d/shop.conf
    sed -i 's|proxy_pass .*|proxy_pass http://shop;\n        proxy_read_timeout 900s;|' "$shop"
    nginx_reload
}
damage() {
    echo 240 >/srv/shop/seconds
    setsid -f curl -s -o /dev/null http://127.0.0.1/report </dev/null >/dev/null 2>&1
    sleep 0.5
    echo 0 >/srv/shop/seconds
}

exit=2 status=cause-found cause=no-live-upstreams recommended=
says="may have 1 .*has 1 now"
