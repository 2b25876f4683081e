about='A forgotten process shares the port of the application, and answers every other request with nothing'
site() {
    app_site
    sed -i 's|gunicorn |gunicorn --reuse-port |' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}
damage() {
    cat >/srv/shop/old.py <<'EOF'
import socket
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
server.bind(("127.0.0.1", 8000))
server.listen(64)
while True:
    client, _ = server.accept()
    client.recv(65536)
    client.close()
EOF
    setsid -f setpriv --reuid=www-data --regid=www-data --clear-groups python3 /srv/shop/old.py </dev/null >/dev/null 2>&1
    wait_for sh -c 'ss -Hltn | grep -c :8000 | grep -q 2'
    for _ in 1 2 3 4 5 6 7 8 9; do curl -s -o /dev/null http://127.0.0.1/; done
}
broken='200\|502' quiet=yes

exit=2 status=cause-found cause=invalid-response recommended=
says='Two listen there side by side'
