about='DNS was away when nginx was reloaded after a move of the backend; it is back, and nobody reloaded again'
site() {
    app_site
    dns_site app.internal 127.0.0.1
}
damage() {
    sed -i 's/:8000/:8100/' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i 's|//127.0.0.1:8000|//app.internal:8100|' "$shop"
    dns_says
    ! systemctl reload nginx
    dns_says app.internal 127.0.0.1
}

exit=2 status=cause-found cause=dns-resolution recommended=dns-resolution/reload-nginx
apply=0 after=200
