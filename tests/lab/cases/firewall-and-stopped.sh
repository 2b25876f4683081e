about='One location leads behind a firewall that drops, another one to an application that is stopped'
site() {
    app_site
    sed -e 's/^Description=.*/Description=The next shop/; s/:8000/:8001/' "$unit" >"${unit%/*}/shop-next.service"
    systemctl daemon-reload
    systemctl start shop-next
    sed -i 's|location / |location /next/ {\n        proxy_connect_timeout 2s;\n        proxy_pass http://127.0.0.1:8001/;\n    }\n\n    &|' "$shop"
    nginx_reload
}
damage() {
    nft add table inet guard
    nft add chain inet guard input '{ type filter hook input priority 0; }'
    nft add rule inet guard input tcp dport 8001 drop
    curl -s -o /dev/null http://127.0.0.1/next/
    systemctl stop shop-app
}

exit=2 status=cause-found cause='upstream-down unreachable' recommended=upstream-down/start-shop-app
says='dport 8001 drop'
apply=0 after=200
