about='Another program has taken the port of the application, and closes what it does not understand'
site() { app_site; }
damage() {
    systemctl stop shop-app
    cat >/srv/shop/other.py <<'EOF'
import socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 8000))
s.listen(64)
while True:
    c, _ = s.accept()
    c.recv(65536)
    c.close()
EOF
    setsid -f python3 /srv/shop/other.py </dev/null >/dev/null 2>&1
    wait_for sh -c 'ss -Hltn | grep -q :8000'
    ! systemctl start shop-app
}

exit=2 status=cause-found cause=invalid-response recommended=
says='It is not shop-app that listens there: .* python3 .process [0-9]+, which no service started. holds the address'
