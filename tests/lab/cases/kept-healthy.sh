about='nginx keeps connections, and closes them before the backend does; the error log has lines of hours ago'
site() {
    kept_site 4
    sed -i '/keepalive/a\    keepalive_timeout 2s;' /etc/nginx/conf.d/shop.conf
    nginx_reload
}
damage() {
    echo "$(date -d '3 hours ago' '+%Y/%m/%d %H:%M:%S') [error] 77#77: *5 upstream prematurely closed connection" \
        "while reading response header from upstream, client: 192.0.2.7, server: _, request: \"POST /order HTTP/1.1\"," \
        "upstream: \"http://127.0.0.1:8000/order\", host: \"127.0.0.1\"" >>/var/log/nginx/error.log
}
broken=200

exit=0 status=healthy cause= recommended=
