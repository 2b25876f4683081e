about='proxy_pass leads to the TCP port of a PHP-FPM pool'
site() {
    php_site
    pool_set listen 127.0.0.1:9000
    sed -i 's|fastcgi_pass .*|fastcgi_pass 127.0.0.1:9000;|' "$shop"
    systemctl restart "$fpm"
    nginx_reload
}
damage() {
    sed -i 's|fastcgi_pass .*|proxy_pass http://127.0.0.1:9000;|' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='PHP-FPM listens there, which speaks FastCGI only'
