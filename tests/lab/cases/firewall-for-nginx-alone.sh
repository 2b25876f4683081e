about="A packet filter drops what nginx's user sends to the backend; everybody else gets through"
site() {
    app_site
    sed -i 's|proxy_pass|proxy_connect_timeout 2s;\n        proxy_pass|' "$shop"
    nginx_reload
}
damage() {
    nft add table ip lab
    nft add chain ip lab out '{ type filter hook output priority 0; }'
    nft add rule ip lab out meta skuid www-data tcp dport 8000 drop
}

broken=504
exit=2 status=cause-found cause=unreachable recommended=
says="rule for nginx's user www-data.*skuid .*8000 drop"
