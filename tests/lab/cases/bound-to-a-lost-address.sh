about='nginx connects from an address that was taken from the interface: the same errno, but ports are plenty'
site() {
    app_site
    ip address add 10.77.0.98/32 dev lo
    sed -i 's|proxy_pass|proxy_bind 10.77.0.98;\n        &|' "$shop"
    nginx_reload
}
damage() { ip address del 10.77.0.98/32 dev lo; }
broken=500

exit=2 status=cause-found cause=port-exhaustion recommended=
says='10.77.0.98, and no interface of this host has that'
