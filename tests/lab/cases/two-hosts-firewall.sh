about='The backend is another host, whose firewall drops what comes to the port of the application'
backend=app
backend_site() { app_unit 0.0.0.0:8000; }
site() {
    far_site
    sed -i 's|proxy_pass|proxy_connect_timeout 2s;\n        &|' "$shop"
    nginx_reload
}
backend_damage() { firewall 8000 drop; }
broken=504

exit=2 status=cause-found cause=unreachable recommended=
says='tcp dport 8000 drop'
