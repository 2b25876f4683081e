about='A slash at the end of proxy_pass strips the prefix that the application wants, and error pages hide the 404'
site() {
    app_site
    cat >/srv/shop/app.py <<'PY'
def app(environ, start_response):
    found = environ["PATH_INFO"].startswith("/api/")
    start_response("200 OK" if found else "404 Not Found", [("Content-Type", "text/plain")])
    return [b"the shop answers\n"]
PY
    systemctl restart shop-app
    nginx_site <<'END'
server {
	listen 80 default_server;
	proxy_intercept_errors on;
	error_page 404 500 =502 /oops;

	location = /oops { return 502; }
	location /api/ {
		proxy_pass http://127.0.0.1:8000; # the shop
	}
}
END
}
damage() {
    sed -i 's|:8000;|:8000/;|' "$shop"
    nginx_reload
}
url=http://127.0.0.1/api/items

exit=2 status=cause-found cause=wrong-proxy-pass recommended=wrong-proxy-pass/keep-the-prefix edits=/etc/nginx/sites-enabled/shop
says='asks the backend 127.0.0.1:8000 for /items'
apply=0 after=200
