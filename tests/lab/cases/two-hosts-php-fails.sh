about='PHP-FPM runs on another host, where its pool has a word that it does not know, so that it does not start'
backend=php
backend_site() { far_php; }
site() { far_php_site; }
backend_damage() {
    echo 'pm.max_childs = 5' >>"$pool"
    ! systemctl restart "$fpm"
}

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-$fpm_id
apply=6 after=502
apply_says='max_childs'
