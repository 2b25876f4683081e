about='nginx wants PHP-FPM on port 9000 as in every tutorial, and the pool listens on a socket'
site() { php_site; }
damage() {
    sed -i 's|fastcgi_pass .*|fastcgi_pass 127.0.0.1:9000;|' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=wrong-proxy-pass/use-run-php-$fpm_id-sock edits=/etc/nginx/sites-enabled/shop
apply=0 after=200
