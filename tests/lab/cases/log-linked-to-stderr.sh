about="nginx's log files are links to its standard error and output, as in the images of containers; no address is given"
site() {
    app_site
    mkdir -p /etc/systemd/system/nginx.service.d
    cat >/etc/systemd/system/nginx.service.d/front.conf <<'EOF'
[Service]
Type=exec
PIDFile=
ExecStartPre=
ExecStart=
ExecStart=/bin/sh -c 'exec /usr/sbin/nginx -g "daemon off;" 2>&1 | cat'
ExecReload=
EOF
    systemctl daemon-reload
    ln -sf /dev/stderr /var/log/nginx/error.log
    ln -sf /dev/stdout /var/log/nginx/access.log
    systemctl restart nginx
    wait_for curl -s -o /dev/null http://127.0.0.1/
}
damage() { systemctl stop shop-app; }
ask=

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
