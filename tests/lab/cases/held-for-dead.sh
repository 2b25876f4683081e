about='Both servers were away for a moment during a deploy, and nginx holds that against them for ten minutes'
site() {
    app_site
    sed -e 's/^Description=.*/Description=The next shop/; s/:8000/:8001/' "$unit" >"${unit%/*}/shop-next.service"
    systemctl daemon-reload
    systemctl start shop-next
    cat >/etc/nginx/conf.d/app.conf <<'END'
upstream shop_app {
    server 127.0.0.1:8000 max_fails=1 fail_timeout=10m;
    server 127.0.0.1:8001 max_fails=1 fail_timeout=10m;
}
END
    sed -i 's|//127.0.0.1:8000|//shop_app|; 1i# one worker sees it all' "$shop"
    sed -i 's|^worker_processes .*|worker_processes 1;|' /etc/nginx/nginx.conf
    nginx_reload
}
damage() {
    systemctl stop shop-app shop-next
    curl -s -o /dev/null http://127.0.0.1/
    systemctl start shop-app shop-next
}

exit=2 status=cause-found cause=no-live-upstreams recommended=no-live-upstreams/reload-nginx
says='600 s here'
apply=0 after=200
