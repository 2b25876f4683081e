about='The range of local ports was made narrow, and another program holds connections to the application'
site() {
    raw_site
    cat >/srv/shop/hold.py <<'EOF_HOLD'
import socket, time
held = []
while True:
    if len(held) == 200:
        time.sleep(1)
        continue
    try:
        held.append(socket.create_connection(("127.0.0.1", 8000)))
    except OSError:
        time.sleep(0.2)
EOF_HOLD
    python3 - <<'EOF_PY'
text = open("/srv/shop/raw.py").read()
head, rest = text.split("while True:")
open("/srv/shop/raw.py", "w").write("import threading\n" + head + '''
def serve(client):
    if client.recv(65536):
        client.sendall(open("/srv/shop/answer", "rb").read())
    client.close()

while True:
    client, _ = server.accept()
    threading.Thread(target=serve, args=(client,), daemon=True).start()
''')
EOF_PY
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
}
damage() {
    sysctl -q -w net.ipv4.ip_local_port_range='40000 40031'
    printf '[Service]\nUser=www-data\nExecStart=/usr/bin/python3 /srv/shop/hold.py\n' >/etc/systemd/system/shop-hold.service
    systemctl daemon-reload
    systemctl start shop-hold
    wait_for sh -c "curl -s http://127.0.0.1/ | grep -q 502"
}

exit=2 status=cause-found cause=port-exhaustion recommended=port-exhaustion/widen-port-range
says='are held by python3'
apply=0 after=200
