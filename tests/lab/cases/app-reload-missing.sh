about='The port in the unit file was changed, and systemd has not read the file since'
site() { app_site; }
damage() {
    sed -i 's/:8000/:8100/' "$unit" "$shop"
    systemctl restart shop-app
    nginx_reload
}

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/reload-unit-shop-app
says='was changed since systemd read it'
apply=0 after=200
