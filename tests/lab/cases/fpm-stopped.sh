about='PHP-FPM was stopped by hand'
site() { php_site; }
damage() { systemctl stop "$fpm"; }

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-$fpm_id
apply=0 after=200
