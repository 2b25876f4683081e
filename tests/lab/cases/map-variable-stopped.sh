about='A map chooses the backend, in a file of its own, and the one that it chooses is stopped'
site() {
    app_site
    printf 'map $uri $shop_backend {\n    ~^/old  127.0.0.1:8001;\n    default 127.0.0.1:8000;\n}\n' >/etc/nginx/conf.d/map.conf
    sed -i 's|proxy_pass .*|proxy_pass http://$shop_backend;|' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
