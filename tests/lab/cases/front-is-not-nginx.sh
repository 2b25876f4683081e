about='What listens on port 80 is another proxy, which says 502; nginx, behind it on another port, is well'
site() {
    app_site
}
damage() {
    sed -i 's|listen 80 |listen 8080 |' "$shop"
    nginx_reload
    mkdir -p /srv/front
    cat >/srv/front/front.py <<'PY'
import http.server
class Front(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(502)
http.server.ThreadingHTTPServer(("0.0.0.0", 80), Front).serve_forever()
PY
    printf '[Service]\nExecStart=/usr/bin/python3 /srv/front/front.py\n' >/etc/systemd/system/front.service
    systemctl daemon-reload
    systemctl start front
    wait_for curl -s -o /dev/null http://127.0.0.1/
}

exit=3 status=inconclusive cause= recommended=
says='not nginx'
