about='The application hangs up as soon as it sees a large upload; small requests are well, and an upload is never asked again'
site() {
    raw_site
    sed -i 's|client.recv(65536)|asked = client.recv(65536)\n    if b"POST" in asked:\n        client.close()\n        continue|' /srv/shop/raw.py
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
    sed -i 's|proxy_pass .*|&\n        client_max_body_size 100m;|' "$shop"
    nginx_reload
}
damage() {
    head -c 20M /dev/zero >/srv/shop/upload
    curl -s -o /dev/null --data-binary @/srv/shop/upload http://127.0.0.1/upload
}
broken=200

exit=2 status=cause-found cause=invalid-response recommended=
