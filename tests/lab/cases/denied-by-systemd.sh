about="A hardened nginx.service lacks the system call connect; the application is well"
site() { app_site; }
damage() {
    mkdir -p /etc/systemd/system/nginx.service.d
    printf '[Service]\nSystemCallFilter=~connect\nSystemCallErrorNumber=EACCES\n' >/etc/systemd/system/nginx.service.d/hardening.conf
    systemctl daemon-reload
    systemctl restart nginx
}

exit=2 status=cause-found cause=permission-denied recommended=
says='nginx.service.d/hardening.conf'
