about='nginx runs in the foreground and logs to stderr, as in a container, so that the journal has its lines; no address is given'
site() {
    app_site
    mkdir -p /etc/systemd/system/nginx.service.d
    printf '[Service]\nType=simple\nExecStart=\nExecStart=/usr/sbin/nginx -g "daemon off;"\nExecStartPre=\n' >/etc/systemd/system/nginx.service.d/front.conf
    systemctl daemon-reload
    sed -i 's|error_log .*|error_log stderr;|; s|access_log .*|access_log off;|' /etc/nginx/nginx.conf
    nginx_reload
    wait_for curl -s -o /dev/null http://127.0.0.1/
}
damage() { systemctl stop shop-app; }
ask=

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
