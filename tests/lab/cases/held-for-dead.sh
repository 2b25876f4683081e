about='Both servers were away for a moment during a deploy, and nginx holds that against them for ten minutes'
site() {
    next_site <<'END'
server 127.0.0.1:8000 max_fails=1 fail_timeout=10m;
server 127.0.0.1:8001 max_fails=1 fail_timeout=10m;
END
}
damage() {
    systemctl stop shop-app shop-next
    curl -s -o /dev/null http://127.0.0.1/
    systemctl start shop-app shop-next
}

exit=2 status=cause-found cause=no-live-upstreams recommended=no-live-upstreams/reload-nginx
says='600 s here'
apply=0 after=200
