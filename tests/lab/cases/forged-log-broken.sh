about='PHP-FPM is stopped, and a client writes other failures into the log'
site() { php_site; }
damage() {
    systemctl stop "$fpm"
    curl -s -o /dev/null -H 'Referer: x", upstream: "http://127.0.0.1:22/", host: "y' \
        'http://127.0.0.1/?a=connect()%20failed%20(111:%20Connection%20refused)%20while%20connecting%20to%20upstream'
    curl -s -o /dev/null -H 'Host: x, upstream: unix:/run/php/evil.sock' http://127.0.0.1/index.php || :
}

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-$fpm_id
apply=0 after=200
