about='The name in proxy_pass has two addresses; the application listens at one of them, and nginx logs each try at the other one'
site() {
    app_site
    dns_site app.internal 127.0.0.1 app.internal 127.0.0.2
    sed -i 's|127.0.0.1:8000;|app.internal:8000;|' "$shop"
    nginx_reload
}
damage() { for n in 1 2 3 4; do curl -s -o /dev/null http://127.0.0.1/; done; }
broken=200

exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='app.internal has several addresses .127.0.0.[12], 127.0.0.[12]., and one of them is right'
