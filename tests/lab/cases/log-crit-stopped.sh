about='The error log keeps critical lines only, so it says nothing about a backend that is stopped'
site() {
    app_site
    sed -i 's|error_log .*|error_log /var/log/nginx/error.log crit;|' /etc/nginx/nginx.conf
    nginx_reload
}
damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
