about='nginx names an old socket, and another file has an error that a reload would trip over'
site() { php_site; }
damage() {
    sed -i "s|fastcgi_pass unix:.*|fastcgi_pass unix:/run/php/php7.4-fpm.sock;|" "$shop"
    nginx_reload
    echo 'gzip_levle 5;' >/etc/nginx/conf.d/gzip.conf
}

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/use-$fpm_id-sock
apply=6 after=502
apply_says='gzip_levle'
