about='The file system was full when the application was started last; somebody has made room since'
site() {
    app_site
    mkdir -p /srv/data
    mount -t tmpfs -o size=64k,mode=777 tmpfs /srv/data
    sed -i 's|gunicorn |gunicorn --pid /srv/data/shop.pid |' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}
damage() {
    systemctl stop shop-app
    head -c 100000 /dev/zero >/srv/data/shop.log || :
    ! systemctl start shop-app
    rm /srv/data/shop.log
}

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says='Now no local file system is full'
apply=0 after=200
# Its own PID file.
moves='^/srv/data'
