about='nginx was given a /tmp of its own: it does not see the socket in /tmp that is there and works'
site() {
    app_site
    app_socket /tmp/shop.sock
}
damage() {
    harden nginx PrivateTmp=yes
}

exit=2 status=cause-found cause=unix-socket recommended=
says='PrivateTmp=yes, /etc/systemd/system/nginx.service.d/hardening.conf:2'
