about="nginx uses Debian's link /run/php/php-fpm.sock, and PHP-FPM was killed"
site() {
    mkdir -p "/etc/systemd/system/$fpm.service.d"
    printf '[Service]\nRestart=no\n' >"/etc/systemd/system/$fpm.service.d/lab.conf"
    systemctl daemon-reload
    php_site
    sed -i 's|fastcgi_pass .*|fastcgi_pass unix:/run/php/php-fpm.sock;|' "$shop"
    nginx_reload
}
damage() {
    systemctl kill --signal=KILL "$fpm"
    wait_for systemctl --quiet is-failed "$fpm"
}

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-$fpm_id
apply=0 after=200
