about='PHP-FPM listens on a TCP port, and is stopped'
site() {
    php_site
    pool_set listen 127.0.0.1:9000
    systemctl restart "$fpm"
    sed -i 's|fastcgi_pass .*|fastcgi_pass localhost:9000;|' "$shop"
    nginx_reload
}
damage() { systemctl stop "$fpm"; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-$fpm_id
apply=0 after=200
