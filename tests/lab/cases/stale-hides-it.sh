about='nginx answers what it has cached while the application is stopped: customers of other pages get a 502'
site() {
    app_site
    printf 'proxy_cache_path /var/cache/shop keys_zone=shop:1m use_temp_path=off;\n' >/etc/nginx/conf.d/cache.conf
    sed -i 's|proxy_pass .*|&\n        proxy_cache shop;\n        proxy_cache_valid 200 1s;\n        proxy_cache_use_stale error;|' "$shop"
    nginx_reload
}
damage() {
    sleep 1.2
    systemctl stop shop-app
    curl -s -o /dev/null http://127.0.0.1/new
}
broken=200

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
