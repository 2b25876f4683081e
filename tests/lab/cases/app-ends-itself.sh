about='The application ends by itself, and calls that a success, since it could not read its settings'
site() {
    app_site
    cat >/srv/shop/serve.py <<'EOF'
import http.server, sys
try:
    port = int(open("/srv/shop/port").read())
except (OSError, ValueError) as why:
    print("cannot read my port:", why, file=sys.stderr)
    sys.exit(0)
class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", port), Shop).serve_forever()
EOF
    echo 8000 >/srv/shop/port
    sed -i 's|^Type=.*|Type=simple\nRestart=on-failure|; s|^ExecStart=.*|ExecStart=/usr/bin/python3 /srv/shop/serve.py --port 8000|' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
}
damage() {
    echo none >/srv/shop/port
    systemctl restart shop-app
    wait_for sh -c 'systemctl show --property=ActiveState shop-app | grep -q =inactive'
    sleep 0.5 # systemd's own notes about it go a little later
}

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says='It ended by itself and without an error code.*cannot read my port'
apply=7 after=502
