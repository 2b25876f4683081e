about='A firewall answers connection refused in the place of an application that listens'
site() { app_site; }
damage() {
    nft add table inet guard
    nft add chain inet guard input '{ type filter hook input priority 0; }'
    nft add rule inet guard input tcp dport 8000 reject with tcp reset
}

exit=2 status=cause-found cause=unreachable recommended=
says='something between refuses in its place'
