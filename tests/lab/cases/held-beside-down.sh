about='One of two servers was taken out for maintenance; the other failed once, runs again, and is held for dead for an hour'
site() {
    app_site
    sed -e 's/^Description=.*/Description=The next shop/; s/:8000/:8001/' "$unit" >"${unit%/*}/shop-next.service"
    systemctl daemon-reload
    systemctl start shop-next
    cat >/etc/nginx/conf.d/app.conf <<'END'
upstream shop_app {
    server 127.0.0.1:8000 max_fails=1 fail_timeout=1h;
    server 127.0.0.1:8001 down; # until the disk is replaced
}
END
    sed -i 's|//127.0.0.1:8000|//shop_app|' "$shop"
    sed -i 's|^worker_processes .*|worker_processes 1;|' /etc/nginx/nginx.conf
    nginx_reload
}
damage() {
    systemctl stop shop-app
    curl -s -o /dev/null http://127.0.0.1/
    systemctl start shop-app
    systemctl stop shop-next # the disk is being replaced
}

exit=2 status=cause-found cause=no-live-upstreams recommended=no-live-upstreams/reload-nginx
says='127.0.0.1:8001 is marked down'
apply=0 after=200
