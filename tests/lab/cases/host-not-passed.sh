about='The inner server answers to its own name only and hangs up on others; the upstream block made nginx send the name of the block'
site() {
    app_site
    cat >/etc/nginx/conf.d/inner.conf <<'CONF'
server { listen 8080 default_server; return 444; }
server { listen 8080; server_name shop.internal 127.0.0.1; location / { proxy_pass http://127.0.0.1:8000; } }
CONF
    sed -i 's|proxy_pass .*|proxy_pass http://127.0.0.1:8080;|; /Host/d' "$shop"
    nginx_reload
}
damage() {
    printf 'upstream inner {\n    server 127.0.0.1:8080;\n}\n' >/etc/nginx/conf.d/upstream.conf
    sed -i 's|proxy_pass .*|proxy_pass http://inner;|' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=wrong-proxy-pass/pass-host edits=/etc/nginx/sites-enabled/shop
says="Host .*inner.*hangs up"
apply=0 after=200
