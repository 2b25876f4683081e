about="nginx runs as a unit of another name, whose sandbox lacks the system call connect"
site() {
    app_site
    systemctl cat nginx.service | grep -v '^#' >/etc/systemd/system/edge.service
    systemctl disable --quiet --now nginx
    systemctl daemon-reload
    systemctl start edge
}
damage() {
    harden edge 'SystemCallFilter=~connect' SystemCallErrorNumber=EPERM
}

exit=2 status=cause-found cause=permission-denied recommended=
says='SystemCallFilter= of edge.service.*edge.service.d/hardening.conf'
