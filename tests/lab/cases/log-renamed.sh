about='logrotate renamed the error log and did not tell nginx, which writes on into the renamed file; the application is stopped'
site() { app_site; }
damage() {
    mv /var/log/nginx/error.log /var/log/nginx/error.log.1
    mv /var/log/nginx/access.log /var/log/nginx/access.log.1
    touch /var/log/nginx/error.log /var/log/nginx/access.log
    systemctl stop shop-app
}
moves='^/var/log/nginx/(access|error)\.log\.1 ' # nginx writes there
ask=

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says=renamed
apply=0 after=200
