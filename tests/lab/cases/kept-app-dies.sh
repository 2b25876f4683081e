about="nginx keeps connections longer than the backend, but what ended this one is the backend's own end at a POST"
site() {
    kept_site 4
    sed -i 's|    do_POST = do_GET|    def do_POST(self):\n        import os\n        os._exit(1)|' /srv/shop/kept.py
    sed -i '/^ExecStart/aRestart=always\nRestartSec=100ms' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
}
damage() {
    sleep 3 # what was said at the start is over
    curl -s -o /dev/null -d order=1 http://127.0.0.1/order
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
}
broken=200

exit=2 status=cause-found cause=invalid-response recommended=
says='shop-app said at that moment: .*Main process exited'
