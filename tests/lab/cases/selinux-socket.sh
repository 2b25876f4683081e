about="SELinux does not let nginx use a socket of another label, whose permissions are right"
site() { php_site; }
damage() {
    connect_denied
    nginx_label 'system_u:system_r:httpd_t:s0'
    selinux_says enforce 1
    selinux_says booleans/httpd_can_network_connect '1 1'
    mkdir -p /var/log/audit
    cat >/var/log/audit/audit.log <<EOF
type=AVC msg=audit(1764410000.123:456): avc:  denied  { connectto } for  pid=71 comm="nginx" path="$sock" scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:system_r:unconfined_service_t:s0 tclass=unix_stream_socket permissive=0
EOF
}

exit=2 status=cause-found cause=permission-denied recommended=
says="nginx runs as httpd_t, while the socket.s permissions let it in.*label"
moves='denied.py' # the filter, before it becomes nginx
