about='The application is stopped, and the backup server of the block answers 503 for it: the block is well, its first server is not'
site() {
    app_site
    printf 'server {\n    listen 127.0.0.1:8099;\n    return 503 "back soon\\n";\n}\n' >/etc/nginx/conf.d/soon.conf
    printf 'upstream shop {\n    server 127.0.0.1:8000;\n    server 127.0.0.1:8099 backup;\n}\n' >/etc/nginx/conf.d/shop.conf
    sed -i 's|proxy_pass .*|proxy_pass http://shop;|' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-app; }
broken=503

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
