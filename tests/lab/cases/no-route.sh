about='proxy_pass names an address of a network that this host has no way to'
site() { app_site; }
damage() {
    sed -i 's|127.0.0.1:8000|198.51.100.7:8000|' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=unreachable recommended=
says='There is no route to the backend'
