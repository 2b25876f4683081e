about='PHP-FPM runs on another host, where an upgrade brought the Unix socket back that it listened on before'
backend=php
backend_site() { far_php; }
site() { far_php_site; }
backend_damage() {
    pool_set listen "$sock"
    systemctl restart "$fpm"
}

exit=2 status=cause-found cause=upstream-down recommended=
says="on Unix sockets only"
