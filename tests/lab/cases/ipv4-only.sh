about='nginx connects to [::1], and the application listens on 127.0.0.1 only; its unit names no port'
site() {
    app_site
    sed -i 's/:8000/:${PORT}/; /^ExecStart/iEnvironmentFile=/srv/shop/env' "$unit"
    echo 'PORT=8000' >/srv/shop/env
    systemctl daemon-reload
    systemctl restart shop-app
}
damage() {
    sed -i 's|127.0.0.1:8000|[::1]:8000|' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=wrong-proxy-pass/use-127-0-0-1-8000 edits=/etc/nginx/sites-enabled/shop
says='only on the loopback address 127.0.0.1'
apply=0 after=200
