about='nginx keeps connections longer than the backend, but the one POST that failed is one that the application never answers'
site() {
    kept_site 4
    sed -i 's|    do_POST = do_GET|    def do_POST(self):\n        self.close_connection = True|' /srv/shop/kept.py
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
}
damage() {
    sleep 3 # what was said at the start is over
    curl -s -o /dev/null -d order=1 http://127.0.0.1/order
}
broken=200

exit=2 status=cause-found cause=invalid-response recommended=
says='the application may as well break at it'
