about='The name stands in /etc/hosts only, which nginx does not read for a name in a variable'
site() {
    app_site
    dns_site
    sed -i 's/--bind [^ ]*/--bind 0.0.0.0:8000/' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i "s|//127.0.0.1:8000|//$(hostname):8000|" "$shop"
    nginx_reload
}
damage() {
    sed -i "s|proxy_pass .*|set \$app $(hostname);\n        proxy_pass http://\$app:8000;|" "$shop"
    sed -i 's|location / |resolver 127.0.0.1;\n    &|' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=dns-resolution recommended=dns-resolution/use-the-address edits=/etc/nginx/sites-enabled/shop
says='/etc/hosts'
apply=0 after=200
