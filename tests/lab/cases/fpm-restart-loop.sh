about='PHP-FPM does not start, and systemd tries it again and again'
site() {
    mkdir -p "/etc/systemd/system/$fpm.service.d"
    printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=2\n' \
        >"/etc/systemd/system/$fpm.service.d/lab.conf"
    systemctl daemon-reload
    php_site
}
damage() {
    sed -i 's/^pm.max_children/pm.max_childern/' "$pool"
    ! systemctl restart "$fpm"
}

exit=2 status=cause-found cause=unix-socket recommended=
says='max_childern.*by itself, so one more start mends nothing'
# Each attempt makes the unit's notes and private folders anew, and lives for a moment.
moves='^(/run/systemd/units|/run/systemd/journal/streams|/tmp|/var/tmp)[/ ]|: /usr/sbin/php-fpm|php-fpm-socket-helper|: sed -n s/'
