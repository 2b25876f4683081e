about='The pool writes /var/run where nginx writes /run, and PHP-FPM is stopped'
site() {
    php_site
    pool_set listen "/var/run/php/$fpm.sock"
    systemctl restart "$fpm"
}
damage() { systemctl stop "$fpm"; }

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-$fpm_id
apply=0 after=200
