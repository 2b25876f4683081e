about='The pool gives its socket to root:root, with comments all around'
site() { php_site; }
damage() {
    sed -i 's|^listen.owner = .*|\t; was www-data until the migration\n  listen.owner=root   ; keep in step with nginx|
            s|^listen.group = .*|listen.group\t=  "root"|' "$pool"
    pool_set listen.mode 0660
    chown root:adm "$pool"
    chmod 640 "$pool"
    setfacl -m u:ops:rw "$pool"
    systemctl restart "$fpm"
}

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/pool-permissions edits=$pool
apply=0 after=200
