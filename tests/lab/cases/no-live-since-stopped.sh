about='nginx has no live server, since both are stopped: that is what follows, and not the cause'
site() {
    next_site <<'END'
server 127.0.0.1:8000 max_fails=1 fail_timeout=2s;
server 127.0.0.1:8001 max_fails=1 fail_timeout=2s backup;
END
}
damage() { systemctl stop shop-app shop-next; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-next
says='follows from its servers'
apply=0 after=200
