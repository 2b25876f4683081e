about='scgi_pass leads to a service that is stopped'
site() {
    raw_site
    raw_answer 'Status: 200 OK\r\nContent-Type: text/plain\r\n\r\nthe shop answers\n'
    sed -i 's|proxy_pass .*|include scgi_params;\n        scgi_pass 127.0.0.1:8000;|; /Host/d' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-app; }

moves='python3 /srv/shop/raw.py$' # the application
exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
