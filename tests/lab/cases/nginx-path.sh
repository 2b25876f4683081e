about='nginx still names the socket of the PHP before the upgrade; tabs and CRLF in its file'
site() { php_site; }
damage() {
    sed -i "s|fastcgi_pass unix:.*|fastcgi_pass\tunix:/run/php/php7.4-fpm.sock ;\t# \"the pool; www\"|; s|\$|\r|" "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/use-$fpm_id-sock edits=/etc/nginx/sites-enabled/shop
says=php7.4-fpm.sock
apply=0 after=200
