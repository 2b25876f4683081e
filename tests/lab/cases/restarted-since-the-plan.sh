about='Somebody restarts PHP-FPM after the plan was made'
site() { php_site; }
damage() {
    pool_set listen.owner root
    pool_set listen.group root
    systemctl restart "$fpm"
}
between() { systemctl restart "$fpm"; }

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/pool-permissions
apply=5 after=502 apply_says='was started anew by someone since the fix was proposed'
