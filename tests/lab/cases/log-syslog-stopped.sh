about='nginx logs its errors to syslog, which is the journal'
site() {
    app_site
    sed -i 's|error_log .*|error_log syslog:server=unix:/dev/log;|' /etc/nginx/nginx.conf
    nginx_reload
}
damage() { systemctl stop shop-app; }
ask=''

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
