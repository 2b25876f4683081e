about='The backend moved; the new name in nginx is unknown, so the reload was refused and the old workers run on'
site() {
    app_site
    dns_site app.internal 127.0.0.2
}
damage() {
    sed -i 's/:8000/:8100/' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i 's|//127.0.0.1:8000|//new.internal:8100|' "$shop"
    ! systemctl reload nginx
}

exit=2 status=cause-found cause=dns-resolution recommended=
says='new.internal .*does not resolve'
