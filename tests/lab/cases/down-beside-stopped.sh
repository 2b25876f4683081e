about='One of two servers was taken out and runs; the other, which should serve, is stopped: nginx logs that there is no live server'
site() {
    next_site <<'END'
server 127.0.0.1:8000 max_fails=1 fail_timeout=2s;
server 127.0.0.1:8001 down;
END
}
damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
