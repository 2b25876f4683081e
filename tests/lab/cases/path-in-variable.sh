about="nginx's location takes the old socket from a variable"
site() {
    php_site
    sed -i 's|fastcgi_pass \(.*\);.*|set $backend \1;\n        fastcgi_pass $backend;|' "$shop"
    nginx_reload
}
damage() {
    sed -i "s|set .backend .*|set \$backend unix:/run/php/php7.4-fpm.sock;|" "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/use-$fpm_id-sock edits=/etc/nginx/sites-enabled/shop
apply=0 after=200
