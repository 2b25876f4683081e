about="nginx uses Debian's link /run/php/php-fpm.sock, and PHP-FPM is stopped"
site() {
    php_site
    sed -i 's|fastcgi_pass .*|fastcgi_pass unix:/run/php/php-fpm.sock;|' "$shop"
    nginx_reload
}
damage() { systemctl stop "$fpm"; }

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-$fpm_id
apply=0 after=200
