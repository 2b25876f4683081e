about='One of two peers is stopped and proxy_next_upstream is off: every second request fails'
site() {
    app_site
    sed 's|8000|8001|; s|^Description=.*|Description=The second shop|' "$unit" >/etc/systemd/system/shop-two.service
    systemctl daemon-reload
    systemctl --quiet enable --now shop-two
    printf 'upstream shop {\n    server 127.0.0.1:8000 max_fails=0;\n    server 127.0.0.1:8001 max_fails=0;\n}\n' >/etc/nginx/conf.d/shop.conf
    sed -i 's|proxy_pass .*|proxy_pass http://shop;\n        proxy_next_upstream off;|' "$shop"
    nginx_reload
}
damage() {
    systemctl stop shop-two
    curl -s -o /dev/null http://127.0.0.1/
}
broken='200\|502' quiet=yes

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-two
says='answers (200, 502|502, 200)'
apply=0 after=200
