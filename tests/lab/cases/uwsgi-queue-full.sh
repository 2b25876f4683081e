about="uWSGI's processes are all stuck, and its listen queue is full"
site() {
    uwsgi_site
    uwsgi_set listen 2
    cat >/srv/shop/app.py <<'EOF_APP'
import time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(3000)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"the shop answers\n"]
EOF_APP
    systemctl restart shop-app
    sed -i 's|uwsgi_pass|uwsgi_read_timeout 1h;\n        &|' "$shop"
    nginx_reload
}
damage() {
    for _ in 1 2 3 4 5; do
        setsid -f curl -s -o /dev/null --max-time 3600 "http://127.0.0.1/slow" </dev/null >/dev/null 2>&1
    done
    wait_for sh -c "curl -s -o /dev/null -w '%{http_code}' --max-time 2 http://127.0.0.1/ | grep -q 502"
}

exit=2 status=cause-found cause=connection-limit recommended=
says='processes = 2 \(/srv/shop/shop.ini:6\)'
moves='curl -s -o /dev/null'
