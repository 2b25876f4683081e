about='systemd gives nginx too few open files; somebody raised them in limits.conf, which has no effect on a service'
site() { app_site; }
damage() {
    local n
    printf 'www-data soft nofile 65535\nwww-data hard nofile 65535 # for nginx\n' >>/etc/security/limits.conf
    sed -i 's|^worker_processes .*|worker_processes 1;|' /etc/nginx/nginx.conf
    mkdir -p /etc/systemd/system/nginx.service.d
    for n in 16 15 14 13 12 11 10 9; do
        printf '[Service]\nLimitNOFILE=%s\n' "$n" >/etc/systemd/system/nginx.service.d/limits.conf
        systemctl daemon-reload
        systemctl reset-failed nginx
        systemctl restart nginx
        ! curl -s --max-time 5 -o /dev/null -w '%{http_code}' http://127.0.0.1/ | grep -q 500 || break
    done
    grep -q 'socket() failed (24' /var/log/nginx/error.log
}
broken=500

exit=2 status=cause-found cause=connection-limit recommended=connection-limit/raise-limit-nofile
edits=/etc/systemd/system/nginx.service.d/limits.conf
says='/etc/security/limits.conf:[0-9]+ gives www-data 65535 open files, which has no effect here'
apply=0 after=200
