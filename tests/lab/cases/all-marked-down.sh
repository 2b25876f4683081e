about='All servers of the upstream are marked down, and both run'
site() {
    app_site
    sed -e 's/^Description=.*/Description=The next shop/; s/:8000/:8001/' "$unit" >"${unit%/*}/shop-next.service"
    systemctl daemon-reload
    systemctl start shop-next
    printf 'upstream shop_app {\n    server 127.0.0.1:8000;\n    server 127.0.0.1:8001;\n}\n' >/etc/nginx/conf.d/app.conf
    sed -i 's|//127.0.0.1:8000|//shop_app|' "$shop"
    nginx_reload
}
damage() {
    sed -i 's|;$| down;|' /etc/nginx/conf.d/app.conf
    nginx_reload
}

exit=2 status=cause-found cause=no-live-upstreams recommended=
says='has the word `down`'
