about='One location leads behind a firewall that drops, another one to an application that is stopped'
site() {
    app_site
    app_next
    sed -i 's|location / |location /next/ {\n        proxy_connect_timeout 2s;\n        proxy_pass http://127.0.0.1:8001/;\n    }\n\n    &|' "$shop"
    nginx_reload
}
damage() {
    firewall 8001 drop
    curl -s -o /dev/null http://127.0.0.1/next/
    systemctl stop shop-app
}

exit=2 status=cause-found cause='upstream-down unreachable' recommended=upstream-down/start-shop-app
says='dport 8001 drop'
apply=0 after=200
