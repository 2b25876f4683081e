about='Somebody edits the file that fettle mended; an undo would destroy that work'
site() { php_site; }
damage() {
    pool_set listen.owner root
    pool_set listen.group root
    systemctl restart "$fpm"
}
later() { sed -i 's/^pm.max_children = .*/pm.max_children = 7/' "$pool"; }

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/pool-permissions edits=$pool
apply=0 after=200 undo=5
