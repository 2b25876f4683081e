about='A firewall drops packets to the port of the application, which runs and is quick: a time-out that no time-out mends'
site() {
    app_site
    sed -i 's|proxy_set_header|proxy_connect_timeout 2s;\n        &|' "$shop"
    nginx_reload
}
damage() { firewall 8000 drop; }
broken=504

exit=2 status=cause-found cause=unreachable recommended=
says='tcp dport 8000 drop'
