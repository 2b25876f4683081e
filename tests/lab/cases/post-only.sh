about='Only a POST has failed, and a POST is never asked again'
site() { php_site; }
damage() {
    systemctl stop "$fpm"
    curl -s -o /dev/null -d order=1 http://127.0.0.1/order.php || :
    curl -s -o /dev/null -d order=1 http://127.0.0.1/index.php
}
ask= quiet=yes

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-$fpm_id
apply=0 after=200
