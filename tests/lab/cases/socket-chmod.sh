about="Somebody changed the socket's rights by hand; the pool file is right"
site() { php_site; }
damage() {
    chown root:root "$sock"
    chmod 600 "$sock"
}

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-$fpm_id edits=
apply=0 after=200
