about='The backend demands a certificate of its clients, and nginx has none to show'
site() {
    tls_site
    rm /etc/nginx/conf.d/backend.conf
    nginx_reload
    cat >/srv/tls/app.py <<'EOF'
import http.server, os, ssl

class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"the shop answers\n")

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/srv/tls/app.crt", "/srv/tls/app.key")
if os.path.exists("/srv/tls/mutual"):
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations("/srv/tls/ca.crt")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 8443), Shop)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
EOF
    printf '[Service]\nExecStart=/usr/bin/python3 /srv/tls/app.py\n' >"$unit"
    systemctl daemon-reload
    systemctl start shop-app
    wait_for sh -c 'ss -Hltn | grep -q :8443'
}
damage() {
    touch /srv/tls/mutual
    systemctl restart shop-app
    wait_for sh -c 'ss -Hltn | grep -q :8443'
}

exit=2 status=cause-found cause=tls-upstream recommended=
says='takes only clients that show a certificate.*proxy_ssl_certificate is not set'
