about='systemd does not try PHP-FPM any more: it failed too often, and was mended since'
site() {
    mkdir -p "/etc/systemd/system/$fpm.service.d"
    printf '[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=3\n' >"/etc/systemd/system/$fpm.service.d/lab.conf"
    systemctl daemon-reload
    php_site
}
damage() {
    cp -p "$pool" /root/pool
    sed -i 's/^pm.max_children/pm.max_childern/' "$pool"
    for n in 1 2 3 4; do
        systemctl restart "$fpm" || :
    done
    cp -p /root/pool "$pool"
    ! systemctl start "$fpm"
}

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-$fpm_id
apply=0 after=200
