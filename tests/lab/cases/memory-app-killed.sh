about='The whole application was ended for want of memory, and systemd does not start it again'
site() {
    memory_counts
    app_site
    app_greedy 200000000
    # one process, as a small daemon is
    cat >/srv/shop/serve.py <<EOF
from wsgiref.simple_server import make_server
from app import app
make_server("127.0.0.1", 8000, app).serve_forever()
EOF
    sed -i 's|^ExecStart=.*|ExecStart=/usr/bin/python3 /srv/shop/serve.py|; s|^Type=.*|Type=exec|' "$unit"
    memory_limit shop-app 64M
    wait_for curl -sfo /dev/null http://127.0.0.1:8000/
}
damage() {
    curl -s -o /dev/null http://127.0.0.1/report || :
    wait_for systemctl --quiet is-failed shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says='kernel ended its process [0-9]+ .python3. for want of memory.*no more than 64 MiB'
apply=0 after=200
moves='/journal/|serve.py$' # the kernel's words of the other hosts' network; the application itself
