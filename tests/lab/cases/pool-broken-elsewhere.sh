about='The pool makes a socket for root alone, and another pool has an error that a restart would trip over'
site() { php_site; }
damage() {
    pool_set listen.owner root
    pool_set listen.group root
    systemctl restart "$fpm"
    printf '[api]\nuser = www-data\nlisten = /run/php/api.sock\npm = dynamc\n' >"${pool%/*}/api.conf"
}

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/pool-permissions
apply=6 after=502
apply_says='dynamc|api'
