about="The same for PHP's socket: its permissions are right, and chmod would not help"
site() { php_site; }
damage() {
    mkdir -p /etc/systemd/system/nginx.service.d
    printf '[Service]\nSystemCallFilter=~connect\nSystemCallErrorNumber=EACCES\n' >/etc/systemd/system/nginx.service.d/hardening.conf
    systemctl daemon-reload
    systemctl restart nginx
}

exit=2 status=cause-found cause=permission-denied recommended=
says='SystemCallFilter'
