about='A helper that the application started lives on and holds its port: the application cannot start, and nobody answers'
site() {
    app_site
    sed -i 's|^Type=.*|Type=simple\nKillMode=process|; s|^ExecStart=.*|ExecStart=/usr/bin/python3 /srv/shop/serve.py|' "$unit"
    cat >/srv/shop/serve.py <<'EOF'
import socket, subprocess
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", 8000))
server.listen(64)
server.set_inheritable(True)
subprocess.Popen(["sleep", "30000"], close_fds=False)
while True:
    client, _ = server.accept()
    client.recv(65536)
    client.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nthe shop answers\n")
    client.close()
EOF
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
    sed -i 's|proxy_pass .*|&\n        proxy_read_timeout 2s;|' "$shop"
    nginx_reload
}
damage() {
    systemctl restart shop-app
    wait_for systemctl --quiet is-failed shop-app
}
broken=504

exit=2 status=cause-found cause=proxy-timeout recommended=
says='sleep .process [0-9]+., which it left behind, holds the address'
