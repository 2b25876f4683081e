about='What memcached does not have, the application makes, in a named location; memcached is well, and the application is stopped'
site() {
    app_site
    cat >/srv/shop/cache.py <<'PY'
import socketserver
class Cache(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(b"END\r\n")
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("127.0.0.1", 11211), Cache).serve_forever()
PY
    sed 's|^Description=.*|Description=The cache|; s|^Type=.*|Type=simple|; s|^ExecStart=.*|ExecStart=/usr/bin/python3 /srv/shop/cache.py|' "$unit" >"${unit%/*}/shop-cache.service"
    systemctl daemon-reload
    systemctl start shop-cache
    wait_for bash -c 'ss -ltn | grep -q :11211'
    nginx_site <<'END'
server {
    listen 80 default_server;
    location / {
        set $memcached_key $uri;
        memcached_pass 127.0.0.1:11211;
        error_page 404 502 504 = @app;
    }
    location @app {
        proxy_pass http://127.0.0.1:8000;
    }
}
END
}
damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
