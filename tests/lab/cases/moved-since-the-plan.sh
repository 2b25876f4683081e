about='Somebody edits the pool file after the plan was made'
site() { php_site; }
damage() {
    pool_set listen.owner root
    pool_set listen.group root
    systemctl restart "$fpm"
}
between() { sed -i 's/^pm.max_children = .*/pm.max_children = 7/' "$pool"; }

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/pool-permissions
apply=5 after=502
