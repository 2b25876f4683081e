about='PHP-FPM listens on TCP and admits another address only (listen.allowed_clients)'
site() {
    php_site
    pool_set listen 127.0.0.1:9000
    systemctl restart "$fpm"
    sed -i "s|unix:$sock|127.0.0.1:9000|" "$shop"
    nginx_reload
}
damage() {
    pool_set listen.allowed_clients 10.77.9.9
    systemctl restart "$fpm"
}

exit=2 status=cause-found cause=invalid-response recommended=
says='admits only 10.77.9.9'
moves='/var/log/php[0-9.]*-fpm.log ' # PHP-FPM says whom it sent away
