about='nginx may not look into /home since its unit was hardened, and the socket is there'
site() {
    app_site
    install -d -o www-data -m 755 /home/shop
    app_socket /home/shop/app.sock
}
damage() {
    harden nginx ProtectHome=yes
}

exit=2 status=cause-found cause=unix-socket recommended=
says='ProtectHome=yes, /etc/systemd/system/nginx.service.d/hardening.conf:2'
