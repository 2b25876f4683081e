about='The page that is asked for was never there, and the error page calls that 502: no slash is to blame'
site() {
    app_site
    cat >/srv/shop/app.py <<'PY'
def app(environ, start_response):
    import os
    found = os.path.exists("/srv/shop/open")
    start_response("200 OK" if found else "404 Not Found", [("Content-Type", "text/plain")])
    return [b"the shop answers\n"]
PY
    touch /srv/shop/open
    systemctl restart shop-app
    nginx_site <<'END'
server {
    listen 80 default_server;
    location /api/ {
        proxy_pass http://127.0.0.1:8000/;
        proxy_intercept_errors on;
        error_page 404 =502 @gone;
    }
    location @gone { return 502 "gone"; }
}
END
}
damage() { rm /srv/shop/open; }
url=http://127.0.0.1/api/items

exit=3 status=inconclusive cause= recommended=
says='answers 404 to /items'
