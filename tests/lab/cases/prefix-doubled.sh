about='proxy_pass puts the prefix in a second time; a fallback that is down makes 502 of the 404'
site() {
    app_site
    cat >/srv/shop/app.py <<'PY'
def app(environ, start_response):
    found = environ["PATH_INFO"] in ("/api/items", "/api/users")
    start_response("200 OK" if found else "404 Not Found", [("Content-Type", "text/plain")])
    return [b"the shop answers\n"]
PY
    systemctl restart shop-app
    nginx_site <<'END'
server {
    listen 80 default_server;

    location /api/ {
        proxy_pass http://127.0.0.1:8000/api/;
        proxy_intercept_errors on;
        error_page 404 =502 @gone;
    }
    location @gone { return 502 "gone"; }
}
END
}
damage() {
    sed -i 's|8000/api/;|8000/api/api/;|' "$shop"
    nginx_reload
}
url=http://127.0.0.1/api/items

exit=2 status=cause-found cause=wrong-proxy-pass recommended=wrong-proxy-pass/keep-the-prefix edits=/etc/nginx/sites-enabled/shop
says='/api/api/items'
apply=0 after=200
