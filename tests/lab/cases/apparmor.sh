about="AppArmor's profile of nginx does not let it open connections"
site() { app_site; }
damage() {
    connect_denied
    nginx_label '/usr/sbin/nginx (enforce)'
    mkdir -p /var/log/audit
    cat >/var/log/audit/audit.log <<EOF
type=AVC msg=audit(1764410000.123:456): apparmor="DENIED" operation="connect" profile="/usr/sbin/nginx" pid=71 comm="nginx" family="inet" sock_type="stream" protocol=6 requested_mask="connect" denied_mask="connect"
EOF
}

exit=2 status=cause-found cause=permission-denied recommended=
says='AppArmor denies it: nginx runs under the profile /usr/sbin/nginx'
moves='denied.py' # the filter, before it becomes nginx
