about='The application moved to a port below 1024, which its user may not take'
site() { app_site; sysctl -q net.ipv4.ip_unprivileged_port_start=1024; }
damage() {
    sed -i 's/:8000/:81/' "$unit" "$shop"
    systemctl daemon-reload
    nginx_reload
    ! systemctl restart shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=
says='runs as www-data, and a port below 1024'
