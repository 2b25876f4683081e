about='A routing rule prohibits connections to the address of the backend, which is well'
site() {
    app_site
    ip address add 10.77.0.99/32 dev lo
    sed -i 's|127.0.0.1:8000|10.77.0.99:8000|' "$unit" "$shop"
    systemctl daemon-reload
    systemctl restart shop-app
    nginx_reload
}
damage() {
    ip rule add pref 10 lookup local
    ip rule del pref 0
    ip rule add pref 5 to 10.77.0.99 prohibit
}

exit=2 status=cause-found cause=permission-denied recommended=
says='routing prohibits connections to 10.77.0.99'
