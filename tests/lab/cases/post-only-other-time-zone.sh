about='Only POSTs have failed, and nginx was started with another time zone than the host has: its log seems to be hours old'
site() {
    app_site
    mkdir -p /etc/systemd/system/nginx.service.d
    printf '[Service]\nEnvironment=TZ=MST7\n' >/etc/systemd/system/nginx.service.d/zone.conf
    systemctl daemon-reload
    nginx_reload
}
damage() {
    systemctl stop shop-app
    curl -s -o /dev/null -d order=1 http://127.0.0.1/order
}
ask= quiet=yes

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
