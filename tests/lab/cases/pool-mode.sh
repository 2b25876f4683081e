about='The pool makes a socket that only root may use'
site() { php_site; }
damage() {
    pool_set listen.owner root
    pool_set listen.group root
    pool_set listen.mode 0600
    systemctl restart "$fpm"
}

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/pool-permissions edits=$pool
says='Permission denied|may not connect'
apply=0 after=200
