about='fastcgi_pass leads to a port where an HTTP server listens'
site() {
    app_site
    sed -i "s|^ExecStart=.*|ExecStart=/usr/bin/python3 -m http.server --bind 127.0.0.1 8000|; s|^Type=.*|Type=simple|" "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
}
damage() {
    sed -i 's|proxy_pass http://127.0.0.1:8000|include fastcgi_params;\n        fastcgi_read_timeout 2s;\n        fastcgi_pass 127.0.0.1:8000|' "$shop"
    nginx_reload
    curl -s -o /dev/null http://127.0.0.1/
}
broken=504

exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='proxy_pass http://127.0.0.1:8000'
