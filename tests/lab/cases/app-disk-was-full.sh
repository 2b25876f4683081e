about='The file system was full when the application was started last; somebody has made room since'
site() {
    app_on_small_disk
}
damage() {
    small_disk_fills
    rm /srv/data/shop.log
}

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says='Now no local file system is full'
apply=0 after=200
# Its own PID file.
moves='^/srv/data'
