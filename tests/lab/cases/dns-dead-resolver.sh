about='nginx asks a DNS server that is gone; the host itself asks another one'
site() {
    app_site
    dns_site app.internal 127.0.0.1
    sed -i 's|proxy_pass .*|set $app "app.internal";\n        proxy_pass http://$app:8000;|' "$shop"
    sed -i 's|location / |resolver 127.0.0.1 valid=10s; # the DNS\n    resolver_timeout 1s;\n\n    &|' "$shop"
    nginx_reload
}
damage() {
    sed -i 's|resolver 127.0.0.1 |resolver 127.0.0.53 |' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=dns-resolution recommended=dns-resolution/use-the-hosts-resolver edits=/etc/nginx/sites-enabled/shop
says='nginx asks 127.0.0.53'
apply=0 after=200
