about='PHP-FPM runs on another host, over TCP, and is stopped there'
backend=php
backend_site() { far_php; }
site() { far_php_site; }
backend_damage() { systemctl stop "$fpm"; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-$fpm_id
apply=0 after=200
