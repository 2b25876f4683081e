about='nginx was given a /tmp of its own: it does not see the socket in /tmp that is there and works'
site() {
    app_site
    sed -i 's|--bind [^ ]*|--bind unix:/tmp/shop.sock|' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i 's|proxy_pass .*|proxy_pass http://unix:/tmp/shop.sock;|' "$shop"
    nginx_reload
}
damage() {
    mkdir -p /etc/systemd/system/nginx.service.d
    printf '[Service]\nPrivateTmp=yes\n' >/etc/systemd/system/nginx.service.d/hardening.conf
    systemctl daemon-reload
    nginx_reload
}

exit=2 status=cause-found cause=unix-socket recommended=
says='PrivateTmp=yes, /etc/systemd/system/nginx.service.d/hardening.conf:2'
