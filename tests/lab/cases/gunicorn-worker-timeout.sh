about="The page takes longer than gunicorn's --timeout: its worker is killed in the middle"
site() {
    app_site
    app_slow
    sed -i 's|--timeout 300 --threads 32|--timeout 2|' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}
damage() { echo 30 >/srv/shop/seconds; curl -s -o /dev/null --max-time 30 http://127.0.0.1/; }
quiet=yes moves='^/tmp \|' # a worker that gunicorn ends has a file there

exit=2 status=cause-found cause=invalid-response recommended=
says='WORKER TIMEOUT'
