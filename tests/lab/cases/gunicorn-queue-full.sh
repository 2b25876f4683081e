about='The only worker of a gunicorn application is stuck, and the queue of its socket is full'
site() {
    app_site
    sed -i 's|--bind 127.0.0.1:8000|--backlog 1 --timeout 3600 --bind unix:/run/shop-app/app.sock|; /^Type/aRuntimeDirectory=shop-app' "$unit"
    cat >/srv/shop/app.py <<'EOF_APP'
import time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(3000)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"the shop answers\n"]
EOF_APP
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i 's|proxy_pass .*|proxy_read_timeout 1h;\n        proxy_pass http://unix:/run/shop-app/app.sock;|' "$shop"
    nginx_reload
}
damage() {
    local n
    for n in 1 2 3; do
        setsid -f curl -s -o /dev/null --max-time 3600 "http://127.0.0.1/slow" </dev/null >/dev/null 2>&1
    done
    wait_for sh -c "curl -s -o /dev/null -w '%{http_code}' --max-time 2 http://127.0.0.1/ | grep -q 502"
}

exit=2 status=cause-found cause=connection-limit recommended=
says='its only worker is at work, or stuck.*no answer of it since its queue was found full'
moves='curl -s -o /dev/null'
