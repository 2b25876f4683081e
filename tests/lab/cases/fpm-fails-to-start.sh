about='PHP-FPM does not start: a typing error in its pool file'
site() { php_site; }
damage() {
    sed -i 's/^pm.max_children/pm.max_childern/' "$pool"
    ! systemctl restart "$fpm"
}

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-$fpm_id
apply=6 after=502
apply_says='max_childern'
