about='The application is stopped, and somebody has edited the file to name another one, not reloaded: nginx runs with what was'
site() { app_site; app_next; }
damage() {
    sed -i 's|127.0.0.1:8000|127.0.0.1:8001|' "$shop"
    systemctl stop shop-app
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='older configuration'
