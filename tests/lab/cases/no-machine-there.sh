about='proxy_pass names an address of the own network that no machine has'
site() { app_site; }
damage() {
    sed -i 's|127.0.0.1:8000|10.77.0.250:8000|' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=unreachable recommended=
says='no machine there answers'
