about='Since its unit was hardened the application has a network of its own, and listens there'
site() { app_site; }
damage() {
    sed -i '/^User/aPrivateNetwork=yes' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=
says='a network of its own .PrivateNetwork=yes, /etc/systemd/system/shop-app.service:7'
