about='The name in proxy_pass has two addresses; the application listens at one of them, and is stopped'
site() {
    app_site
    dns_site app.internal 127.0.0.1 app.internal 127.0.0.2
    sed -i 's|127.0.0.1:8000;|app.internal:8000;|' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
