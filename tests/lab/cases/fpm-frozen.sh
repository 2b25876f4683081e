about='The processes of PHP-FPM were stopped with SIGSTOP'
site() {
    php_site
    sed -i 's|fastcgi_pass .*|&\n        fastcgi_read_timeout 2s;|' "$shop"
    nginx_reload
}
damage() { systemctl kill --signal=STOP "$fpm"; }
broken=504

exit=2 status=cause-found cause=proxy-timeout recommended=
says='php-fpm[0-9.]+ .process [0-9]+ of php[0-9.]+-fpm. is stopped by a signal'
