about='All is well; the error log has lines of hours ago'
site() { php_site; }
damage() {
    local stamp
    stamp=$(date -d '3 hours ago' '+%Y/%m/%d %H:%M:%S')
    for n in 1 2 3; do
        echo "$stamp [crit] 77#77: *$n connect() to unix:$sock failed (2: No such file or directory)" \
            "while connecting to upstream, client: 192.0.2.7, server: _, request: \"GET / HTTP/1.1\"," \
            "upstream: \"fastcgi://unix:$sock:\", host: \"127.0.0.1\""
    done >>/var/log/nginx/error.log
}
broken=200

exit=0 status=healthy cause= recommended=
