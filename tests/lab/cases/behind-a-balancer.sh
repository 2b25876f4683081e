about='nginx takes the PROXY protocol from a load balancer, so that the host itself cannot ask it; the application is stopped'
site() { app_site; }
damage() {
    sed -i 's|listen 80 .*|listen 80 default_server proxy_protocol;|' "$shop"
    nginx_reload
    systemctl stop shop-app
    curl -s -o /dev/null --haproxy-protocol http://127.0.0.1/
}
ask= quiet=yes

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says='expects the PROXY protocol of a balancer there'
apply=0 after=000
