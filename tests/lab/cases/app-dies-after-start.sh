about='The application ends soon after its start, which systemd called a success'
site() {
    app_site
    sed -i 's/^Type=notify/Type=simple/' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for curl -sfo /dev/null http://127.0.0.1:8000/
}
damage() {
    echo 'raise RuntimeError("no database configured")' >/srv/shop/app.py
    systemctl restart shop-app
    wait_for systemctl --quiet is-failed shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=7 after=502
