about='proxy_pass speaks TLS to a plain port, whose server says so at once'
site() {
    app_site
    sed -i "s|^ExecStart=.*|ExecStart=/usr/bin/python3 -m http.server --bind 127.0.0.1 8000|; s|^Type=.*|Type=simple|" "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
}
damage() {
    sed -i 's|http://127.0.0.1:8000|https://127.0.0.1:8000|' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=wrong-proxy-pass/speak-http edits=/etc/nginx/sites-enabled/shop
says='that port speaks plain HTTP'
apply=0 after=200
