about='nginx was started with another time zone than the host has, so its error log is seven hours behind; no address is given'
site() {
    app_site
    mkdir -p /etc/systemd/system/nginx.service.d
    printf '[Service]\nEnvironment=TZ=MST7\n' >/etc/systemd/system/nginx.service.d/zone.conf
    systemctl daemon-reload
    nginx_reload
}
damage() { systemctl stop shop-app; }
ask=

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
