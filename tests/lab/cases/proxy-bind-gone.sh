about='proxy_bind names an address that this host lost; the application is well, and the errno is that of exhausted ports'
site() {
    app_site
    ip address add 10.77.0.99/32 dev lo
    sed -i 's|proxy_pass .*|&\n        proxy_bind 10.77.0.99;|' "$shop"
    nginx_reload
}
damage() { ip address del 10.77.0.99/32 dev lo; }
broken=500

exit=2 status=cause-found cause=port-exhaustion recommended=
says='proxy_bind .*connect from 10.77.0.99, and no interface'
