about='The application has its socket in /tmp, and since its unit was hardened that is a /tmp of its own'
site() {
    app_site
    app_socket /tmp/shop.sock
}
damage() {
    sed -i '/^User/aPrivateTmp=yes' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}

exit=2 status=cause-found cause=unix-socket recommended=
says='a view of the files of its own .PrivateTmp=yes, /etc/systemd/system/shop-app.service:7'
