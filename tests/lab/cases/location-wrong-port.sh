about='One location of two that lead to the same application has a digit wrong'
site() {
    app_site
    cat >/srv/shop/app.py <<'APP'
def app(environ, start_response):
    known = environ["PATH_INFO"] in ("/", "/api/users")
    start_response("200 OK" if known else "404 Not Found", [("Content-Type", "text/plain")])
    return [b"the shop answers\n"]
APP
    systemctl restart shop-app
    sed -i 's|    location / {|    location /api/ { proxy_pass http://127.0.0.1:8000; }\n    location / {|' "$shop"
    nginx_reload
}
damage() {
    sed -i 's|location /api/ { proxy_pass http://127.0.0.1:8000|location /api/ { proxy_pass http://127.0.0.1:8080|' "$shop"
    nginx_reload
}

url=http://127.0.0.1/api/users
exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='Other locations use it already'
