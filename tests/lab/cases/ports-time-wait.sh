about='nginx opens a connection for each request and closes it first: the few local ports wait to be forgotten'
site() {
    app_site
    own=$(ip -4 -o address show dev host0 | awk '{ sub("/.*", "", $4); print $4; exit }')
    # It leaves the closing to nginx.
    cat >/srv/shop/keeps.py <<END
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"shop\n")

ThreadingHTTPServer(("$own", 8000), Shop).serve_forever()
END
    sed -i 's|^Type=.*|Type=simple|; s|^ExecStart=.*|ExecStart=/usr/bin/python3 /srv/shop/keeps.py|' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i "s|proxy_pass .*|proxy_http_version 1.1;\n        proxy_set_header Connection \"\";\n        proxy_pass http://$own:8000;|" "$shop"
    nginx_reload
    wait_for curl -s -o /dev/null "http://$own:8000/"
}
damage() {
    sysctl -q -w net.ipv4.ip_local_port_range='40000 40031'
    curl -s -o /dev/null 'http://127.0.0.1/?[1-40]' # on one connection of its own
}

exit=2 status=cause-found cause=port-exhaustion recommended=port-exhaustion/widen-port-range
says='TIME-WAIT'
apply=0 after=200
