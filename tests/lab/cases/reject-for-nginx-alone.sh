about="A packet filter refuses what nginx's group sends anywhere but to port 53"
site() { app_site; }
damage() {
    nft add table ip lab
    nft add chain ip lab out '{ type filter hook output priority 0; }'
    nft add rule ip lab out meta skgid www-data tcp flags "&" "(syn|ack)" == syn tcp dport != 53 reject with icmp type admin-prohibited
}

exit=2 status=cause-found cause=unreachable recommended=
says='says so of www-data.*skgid .*reject'
