about='Somebody stopped the processes of the application with SIGSTOP: the kernel still takes connections for them'
site() {
    app_site
    sed -i 's|proxy_pass .*|&\n        proxy_read_timeout 2s;|' "$shop"
    nginx_reload
}
damage() { systemctl kill --signal=STOP shop-app; }
broken=504

exit=2 status=cause-found cause=proxy-timeout recommended=
says='is stopped by a signal .state T.*systemctl kill --signal=CONT shop-app'
