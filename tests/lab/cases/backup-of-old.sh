about='Both the server and its backup refuse; the backup was given up long ago, and nobody knows who it was'
site() {
    app_site
    printf 'upstream shop {\n    server 127.0.0.1:8000;\n    server 127.0.0.1:8099 backup;\n}\n' >/etc/nginx/conf.d/shop.conf
    sed -i 's|proxy_pass .*|proxy_pass http://shop;|' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says='refused at 127.0.0.1:8099, too'
apply=0 after=200
