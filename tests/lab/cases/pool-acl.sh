about='The pool admits by an access list that nginx is not on'
site() { php_site; }
damage() {
    pool_set listen.acl_users nobody
    systemctl restart "$fpm"
}

exit=2 status=cause-found cause=unix-socket recommended=
says=acl
