about='The old socket stands in an upstream block, in a file of its own'
site() {
    php_site
    printf 'upstream php {\n    # server 127.0.0.1:9000;\n    server unix:%s weight=1; # www\n    keepalive 4;\n}\n' "$sock" \
        >/etc/nginx/conf.d/php.conf
    sed -i 's|fastcgi_pass .*|fastcgi_pass php;|' "$shop"
    nginx_reload
}
damage() {
    sed -i "s|server unix:[^ ]*|server unix:/run/php/php7.4-fpm.sock|" /etc/nginx/conf.d/php.conf
    nginx_reload
}

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/use-$fpm_id-sock edits=/etc/nginx/conf.d/php.conf
apply=0 after=200
