about='The backend is another nginx on another host, whose application is stopped: it is the inner nginx that says 502'
backend=app
backend_site() {
    app_site
    sed -i 's|listen 80 |listen 8000 |' "$shop"
    sed -i 's|127.0.0.1:8000|127.0.0.1:8001|' "$unit" "$shop"
    systemctl daemon-reload
    systemctl restart shop-app
    nginx_reload
}
site() { far_site; }
backend_damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=backend-error recommended=
says='diagnose'
