about='A rule keeps the user of nginx, and nobody else, from the port of the application'
site() { app_site; }
damage() {
    nft add table inet guard
    nft add chain inet guard output '{ type filter hook output priority 0; }'
    nft add rule inet guard output meta skuid www-data tcp dport 8000 reject with tcp reset
}

exit=2 status=cause-found cause=unreachable recommended=
says='meta skuid 33 tcp dport 8000 reject'
