about='The name that is asked leads to a balancer on another host, which answers well from elsewhere; here the application is stopped'
backend=balancer
backend_site() {
    nginx_site <<'CONF'
server { listen 80 default_server; return 200 "the other one answers\n"; }
CONF
}
site() {
    app_site
    sed -i 's|listen 80 .*|listen 8080;\n    server_name www.internal;|' "$shop"
    nginx_reload
    dns_site www.internal "$backend_address"
}
damage() { systemctl stop shop-app; }
url=http://www.internal/
broken=200

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says='leads to .*, which is no address of this host; here http://www.internal:8080/ answers 502'
apply=0 after=200
