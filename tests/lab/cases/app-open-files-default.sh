about='An application keeps a connection for each of its thousand customers, and nobody has let it open more than the default'
site() {
    app_site
    cat >/srv/shop/lines.py <<'EOF_LINES'
import selectors, socket, sys
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", 8000))
server.listen(128)
waiting = selectors.DefaultSelector()
waiting.register(server, selectors.EVENT_READ)
spare = open("/dev/null")
while True:
    for key, _ in waiting.select():
        if key.fileobj is not server:
            if key.fileobj.recv(65536):
                key.fileobj.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nthe shop answers\n")
            waiting.unregister(key.fileobj)
            key.fileobj.close()
            continue
        try:
            waiting.register(server.accept()[0], selectors.EVENT_READ)
        except OSError as error:
            print("no more customers:", error, file=sys.stderr, flush=True)
            spare.close()
            server.accept()[0].close()
            spare = open("/dev/null")
EOF_LINES
    cat >/srv/shop/customers.py <<'EOF_CUSTOMERS'
import resource, socket, time
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
kept = [socket.create_connection(("127.0.0.1", 8000)) for _ in range(1100)]
time.sleep(3000)
EOF_CUSTOMERS
    sed -i 's|^Type=.*|Type=simple|; s|^ExecStart=.*|ExecStart=/usr/bin/python3 /srv/shop/lines.py|' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
}
damage() {
    setsid -f python3 /srv/shop/customers.py </dev/null >/dev/null 2>&1
    wait_for sh -c 'journalctl -q -u shop-app | grep -q "Too many open files"'
}

exit=2 status=cause-found cause=connection-limit recommended=connection-limit/raise-limit-nofile
edits=/etc/systemd/system/shop-app.service.d/open-files.conf
says="may open 1024 files .systemd's default, its unit sets no LimitNOFILE=.*has 1024 open"
moves='customers.py'
apply=0 after=200
