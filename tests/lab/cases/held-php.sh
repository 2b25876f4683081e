about='Both PHP-FPM pools were restarted at once, and nginx holds that against them for ten minutes'
site() {
    php_site
    sed "s|^\[www\]|[blue]|; s|^listen = .*|listen = /run/php/blue.sock|" "$pool" >"${pool%/*}/blue.conf"
    systemctl restart "$fpm"
    cat >/etc/nginx/conf.d/pools.conf <<END
upstream shop_php {
    server unix:$sock max_fails=2 fail_timeout=10m;
    server unix:/run/php/blue.sock max_fails=2 fail_timeout=10m;
}
END
    sed -i 's|fastcgi_pass unix:.*|fastcgi_pass shop_php;|' "$shop"
    sed -i 's|^worker_processes .*|worker_processes 1;|' /etc/nginx/nginx.conf
    nginx_reload
}
damage() {
    systemctl stop "$fpm"
    for _ in 1 2 3 4; do curl -s -o /dev/null http://127.0.0.1/; done
    systemctl start "$fpm"
}

exit=2 status=cause-found cause=no-live-upstreams recommended=no-live-upstreams/reload-nginx
says='600 s here'
apply=0 after=200
