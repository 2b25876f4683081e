about='nginx has no live server, since both are stopped: that is what follows, and not the cause'
site() {
    app_site
    sed -e 's/^Description=.*/Description=The next shop/; s/:8000/:8001/' "$unit" >"${unit%/*}/shop-next.service"
    systemctl daemon-reload
    systemctl start shop-next
    # A backup is asked last: which of two equals that would be depends on how many were asked before.
    cat >/etc/nginx/conf.d/app.conf <<'END'
upstream shop_app {
    server 127.0.0.1:8000 max_fails=1 fail_timeout=2s;
    server 127.0.0.1:8001 max_fails=1 fail_timeout=2s backup;
}
END
    sed -i 's|//127.0.0.1:8000|//shop_app|' "$shop"
    sed -i 's|^worker_processes .*|worker_processes 1;|' /etc/nginx/nginx.conf
    nginx_reload
}
damage() { systemctl stop shop-app shop-next; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-next
says='follows from its servers'
apply=0 after=200
