about='One of two servers was taken out and runs; the other, which should serve, is stopped: nginx logs that there is no live server'
site() {
    app_site
    sed -e 's/^Description=.*/Description=The next shop/; s/:8000/:8001/' "$unit" >"${unit%/*}/shop-next.service"
    systemctl daemon-reload
    systemctl start shop-next
    cat >/etc/nginx/conf.d/app.conf <<'END'
upstream shop_app {
    server 127.0.0.1:8000 max_fails=1 fail_timeout=2s;
    server 127.0.0.1:8001 down;
}
END
    sed -i 's|//127.0.0.1:8000|//shop_app|' "$shop"
    sed -i 's|^worker_processes .*|worker_processes 1;|' /etc/nginx/nginx.conf
    nginx_reload
}
damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
