about='The backend is stopped in the middle and its queue is full: connecting times out, and no firewall is to blame'
site() {
    app_site
    sed -i 's|^ExecStart=.*|ExecStart=/usr/bin/gunicorn --backlog 1 --bind 127.0.0.1:8000 app:app|' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i 's|proxy_set_header|proxy_connect_timeout 2s;\n        proxy_read_timeout 2s;\n        &|' "$shop"
    nginx_reload
}
damage() {
    pkill -STOP gunicorn
    for n in 1 2 3 4 5 6; do
        (exec 3<>/dev/tcp/127.0.0.1/8000; exec sleep 300) >/dev/null 2>&1 </dev/null &
    done
    sleep 1
}
broken=504 moves='sleep 300'

exit=2 status=cause-found cause=proxy-timeout recommended=
says='connections wait to be accepted'
