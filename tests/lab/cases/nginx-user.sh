about="nginx's workers run as another user than the pool admits"
site() { php_site; }
damage() {
    useradd --system --no-create-home --shell /usr/sbin/nologin webby
    sed -i 's/^user www-data;/user webby;/' /etc/nginx/nginx.conf
    nginx_reload
}

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/pool-permissions edits=$pool
says=webby
apply=0 after=200
