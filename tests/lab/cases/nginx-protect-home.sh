about='nginx may not look into /home since its unit was hardened, and the socket is there'
site() {
    app_site
    install -d -o www-data -m 755 /home/shop
    sed -i 's|--bind [^ ]*|--bind unix:/home/shop/app.sock|' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i 's|proxy_pass .*|proxy_pass http://unix:/home/shop/app.sock;|' "$shop"
    nginx_reload
}
damage() {
    mkdir -p /etc/systemd/system/nginx.service.d
    printf '[Service]\nProtectHome=yes\n' >/etc/systemd/system/nginx.service.d/hardening.conf
    systemctl daemon-reload
    nginx_reload
}

exit=2 status=cause-found cause=unix-socket recommended=
says='ProtectHome=yes, /etc/systemd/system/nginx.service.d/hardening.conf:2'
