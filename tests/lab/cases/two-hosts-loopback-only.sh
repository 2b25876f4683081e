about='The backend is another host, where a deploy made the application listen on loopback only'
backend=app
backend_site() { app_unit 0.0.0.0:8000; }
site() { far_site; }
backend_damage() {
    sed -i 's|0.0.0.0:8000|127.0.0.1:8000|' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='only on the loopback address'
