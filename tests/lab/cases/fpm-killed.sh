about='PHP-FPM was killed and left its socket file behind'
site() {
    mkdir -p "/etc/systemd/system/$fpm.service.d"
    printf '[Service]\nRestart=no\n' >"/etc/systemd/system/$fpm.service.d/lab.conf"
    systemctl daemon-reload
    php_site
}
damage() {
    systemctl kill --signal=KILL "$fpm"
    wait_for systemctl --quiet is-failed "$fpm"
    test -S "$sock"
}

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-$fpm_id
says='nobody listens'
apply=0 after=200
