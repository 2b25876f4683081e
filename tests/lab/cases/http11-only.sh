about='The application hangs up on HTTP/1.0, which nginx speaks unless it is told otherwise'
site() {
    raw_site
    sed -i 's|client.recv(65536)|asked = client.recv(65536)|; s|^    answer = .*|    if b"HTTP/1.0" in asked and open("/srv/shop/strict").read() == "1":\n        client.close()\n        continue\n&|' /srv/shop/raw.py
    printf 0 >/srv/shop/strict
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
}
damage() { printf 1 >/srv/shop/strict; }

exit=2 status=cause-found cause=wrong-proxy-pass recommended=wrong-proxy-pass/speak-http-1-1 edits=/etc/nginx/sites-enabled/shop
apply=0 after=200
