about='nginx is told to connect to ::1, and IPv6 was switched off: the errno of exhausted ports, and none is missing'
site() {
    app_site
    sed -i 's|127.0.0.1:8000|[::1]:8000|' "$unit" "$shop"
    systemctl daemon-reload
    systemctl restart shop-app
    nginx_reload
}
damage() { sysctl -q -w net.ipv6.conf.all.disable_ipv6=1; }

exit=3 status=inconclusive cause= recommended=
says='no IPv6 address at all'
