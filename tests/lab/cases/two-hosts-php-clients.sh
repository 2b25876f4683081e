about='PHP-FPM runs on another host, over TCP, and was told to admit another address than that of nginx'
backend=php
backend_site() { far_php; }
site() { far_php_site; }
backend_damage() {
    pool_set listen.allowed_clients 10.77.9.9
    systemctl restart "$fpm"
}

exit=2 status=cause-found cause=invalid-response recommended=
says='admits only 10.77.9.9'
moves='/var/log/php[0-9.]*-fpm.log ' # PHP-FPM says whom it sent away
