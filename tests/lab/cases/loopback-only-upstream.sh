about='An upstream block names the address of the host, and the application listens on loopback only'
site() {
    app_site
    sed -i 's/--bind [^ ]*/--bind 0.0.0.0:8000/' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    printf 'upstream shop_app {\n\tserver %s:8000 max_fails=0;  # the application\n\tkeepalive 8;\n}\n' \
        "$(hostname -I | cut -d' ' -f1)" >/etc/nginx/conf.d/app.conf
    sed -i 's|http://127.0.0.1:8000|http://shop_app|' "$shop"
    nginx_reload
}
damage() {
    sed -i 's/--bind [^ ]*/--bind 127.0.0.1:8000/' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=wrong-proxy-pass/use-127-0-0-1-8000 edits=/etc/nginx/conf.d/app.conf
says='only on the loopback address'
apply=0 after=200
