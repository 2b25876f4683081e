about='The backend has moved and its old name was deleted; nginx still has the old address'
site() {
    app_site
    dns_site app.internal 127.0.0.2
    sed -i 's/--bind [^ ]*/--bind 127.0.0.2:8000/' "$unit"
    printf 'upstream shop_app {\n    server app.internal:8000;\n}\n' >/etc/nginx/conf.d/app.conf
    sed -i 's|//127.0.0.1:8000|//shop_app|' "$shop"
    systemctl daemon-reload
    systemctl restart shop-app
    nginx_reload
}
damage() {
    dns_says app-new.internal 127.0.0.3
    sed -i 's/--bind [^ ]*/--bind 127.0.0.3:8000/' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}

exit=2 status=cause-found cause=dns-resolution recommended=
says='a reload of nginx would be refused'
