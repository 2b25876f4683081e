about='An upgrade of nginx stopped half-way, so that two masters run with one configuration; the application is stopped'
site() { app_site; }
damage() {
    systemctl stop shop-app
    kill -USR2 "$(cat /run/nginx.pid)"
    wait_for test -e /run/nginx.pid.oldbin
    sleep 0.3
}

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
