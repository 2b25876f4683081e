about='The application answered 502 once, and nginx keeps that answer for ten minutes; the application is well by now'
site() {
    app_site
    printf 'proxy_cache_path /var/cache/shop keys_zone=shop:1m use_temp_path=off;\n' >/etc/nginx/conf.d/cache.conf
    sed -i 's|proxy_pass .*|&\n        proxy_cache shop;\n        proxy_cache_valid 200 1s;\n        proxy_cache_valid any 10m;|' "$shop"
    nginx_reload
}
damage() {
    sleep 1.2
    app_code "502 Bad Gateway"
    systemctl restart shop-app
    curl -s -o /dev/null http://127.0.0.1/
    sleep 1.2 # Python looks at a file's age in whole seconds
    app_code "200 OK"
    systemctl restart shop-app
}

exit=2 status=cause-found cause=backend-error recommended=
says='nginx has kept .proxy_cache_valid 10m, /etc/nginx/sites-enabled/shop:8'
