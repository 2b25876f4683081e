about='The file system on which the application makes its files is full'
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
}

exit=2 status=cause-found cause=upstream-down recommended=
says='No space left on device.* Full is /srv/data: make room there first'
