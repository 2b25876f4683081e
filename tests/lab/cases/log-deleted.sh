about='Somebody deleted the logs, and nginx writes on into what nobody sees any more; the application is stopped, and no address is given'
site() { app_site; }
damage() {
    rm /var/log/nginx/error.log /var/log/nginx/access.log
    touch /var/log/nginx/error.log /var/log/nginx/access.log
    systemctl stop shop-app
}
ask=

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says=deleted
apply=0 after=200
