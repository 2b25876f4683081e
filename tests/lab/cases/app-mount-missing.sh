about='The application needs a file system that is not mounted'
site() {
    app_site
    mkdir -p /srv/data
    printf '[Mount]\nWhat=tmpfs\nType=tmpfs\nWhere=/srv/data\n' >/etc/systemd/system/srv-data.mount
    sed -i '/^Description/aRequiresMountsFor=/srv/data' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}
damage() {
    systemctl stop srv-data.mount
    sed -i 's/^What=.*/What=\/dev\/shopdata/; s/^Type=.*/Type=ext4/' /etc/systemd/system/srv-data.mount
    systemctl daemon-reload
    ! systemctl start shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=
says='requires srv-data.mount, which has failed .*special device /dev/shopdata'
