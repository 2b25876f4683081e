about='Since its unit was hardened the application may not write where its socket is'
site() {
    app_site
    install -d -o www-data /srv/shop/run
    app_socket /srv/shop/run/app.sock
}
damage() {
    sed -i '/^User/aProtectSystem=strict' "$unit"
    systemctl daemon-reload
    ! systemctl restart shop-app
}

exit=2 status=cause-found cause=unix-socket recommended=
says='ProtectSystem=strict, /etc/systemd/system/shop-app.service:7'
