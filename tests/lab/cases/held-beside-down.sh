about='One of two servers was taken out for maintenance; the other failed once, runs again, and is held for dead for an hour'
site() {
    next_site <<'END'
server 127.0.0.1:8000 max_fails=1 fail_timeout=1h;
server 127.0.0.1:8001 down; # until the disk is replaced
END
}
damage() {
    systemctl stop shop-app
    curl -s -o /dev/null http://127.0.0.1/
    systemctl start shop-app
    systemctl stop shop-next # the disk is being replaced
}

exit=2 status=cause-found cause=no-live-upstreams recommended=no-live-upstreams/reload-nginx
says='127.0.0.1:8001 is marked down'
apply=0 after=200
