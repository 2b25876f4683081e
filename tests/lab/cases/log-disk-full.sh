about='The file system of the logs is full, so nginx has written nothing; the application is stopped'
site() {
    app_site
    mount -t tmpfs -o size=64k tmpfs /var/log/nginx
    nginx_reload
}
damage() {
    head -c 1M /dev/zero >/var/log/nginx/old.log || :
    systemctl stop shop-app
}
quiet=yes

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
