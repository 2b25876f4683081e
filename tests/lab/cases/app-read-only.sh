about='Since its unit was hardened the application may not write where its socket is'
site() {
    app_site
    install -d -o www-data /srv/shop/run
    sed -i 's|--bind [^ ]*|--bind unix:/srv/shop/run/app.sock|' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i 's|proxy_pass .*|proxy_pass http://unix:/srv/shop/run/app.sock;|' "$shop"
    nginx_reload
}
damage() {
    sed -i '/^User/aProtectSystem=strict' "$unit"
    systemctl daemon-reload
    ! systemctl restart shop-app
}

exit=2 status=cause-found cause=unix-socket recommended=
says='ProtectSystem=strict, /etc/systemd/system/shop-app.service:7'
