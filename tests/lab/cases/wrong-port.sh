about='proxy_pass has a digit wrong; the application runs all the while'
site() { app_site; }
damage() {
    sed -i 's|127.0.0.1:8000|127.0.0.1:8080|' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=wrong-proxy-pass/use-127-0-0-1-8000 edits=/etc/nginx/sites-enabled/shop
says='8080.*nobody listens'
apply=0 after=200
