about='An upload is taken slower than nginx waits for: it gives up sending, and everything else is quick'
site() {
    app_site
    cat >/srv/shop/slow_reader.py <<'EOF_APP'
import socket, threading, time

def serve(client):
    head = client.recv(4096)
    if head.startswith(b"POST"):
        time.sleep(6)  # the virus scanner, before the upload is read
        while len(client.recv(1 << 20)) > 0:
            pass
    client.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nshop\n")
    client.close()

server = socket.create_server(("127.0.0.1", 8000))
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
EOF_APP
    sed -i 's|^Type=.*|Type=simple|; s|^ExecStart=.*|ExecStart=/usr/bin/python3 /srv/shop/slow_reader.py|' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i 's|proxy_set_header|client_max_body_size 100m;\n        proxy_send_timeout 2s;\n        &|' "$shop"
    nginx_reload
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
}
damage() {
    head -c 60000000 /dev/zero >/tmp/upload
    curl -s -o /dev/null --max-time 30 --data-binary @/tmp/upload http://127.0.0.1/upload || :
    rm /tmp/upload
}
broken=200

exit=2 status=cause-found cause=proxy-timeout recommended=
says='sending'
