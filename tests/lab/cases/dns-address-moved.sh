about='The backend has moved and DNS says so; nginx goes on with the address that it found when it started'
site() {
    app_site
    dns_site app.internal 127.0.0.2
    sed -i 's/--bind [^ ]*/--bind 127.0.0.2:8000/' "$unit"
    sed -i 's|//127.0.0.1:8000|//app.internal:8000|' "$shop"
    systemctl daemon-reload
    systemctl restart shop-app
    nginx_reload
}
damage() {
    dns_says app.internal 127.0.0.3
    sed -i 's/--bind [^ ]*/--bind 127.0.0.3:8000/' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}

exit=2 status=cause-found cause=dns-resolution recommended=dns-resolution/reload-nginx
says='asks again only when it is reloaded'
apply=0 after=200
