about='Somebody removed the socket file while PHP-FPM runs'
site() { php_site; }
damage() { rm "$sock"; }

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-$fpm_id
apply=0 after=200
