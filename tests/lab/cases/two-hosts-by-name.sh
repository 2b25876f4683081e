about='The backend is another host, which nginx knows by its name, and its application was killed there'
backend=app
backend_site() { app_unit 0.0.0.0:8000; }
site() {
    far_site
    sed -i "s|$backend_address|two-hosts-by-name--app|" "$shop"
    nginx_reload
}
backend_damage() {
    systemctl kill --signal=KILL shop-app
    wait_for sh -c '! systemctl is-active -q shop-app'
}

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
