about='A second nginx, on a Unix socket, was killed and left the socket file, which nginx never takes away itself'
site() {
    mkdir -p /srv/shop
    printf 'pid /run/shop-app.pid;\nerror_log /srv/shop/error.log;\nevents {}\nhttp {\n    access_log off;\n    server {\n        listen unix:/run/inner.sock;\n        return 200 "the shop answers\\n";\n    }\n}\n' >/srv/shop/inner.conf
    printf '[Service]\nType=forking\nPIDFile=/run/shop-app.pid\nExecStart=/usr/sbin/nginx -c /srv/shop/inner.conf\n[Install]\nWantedBy=multi-user.target\n' >"$unit"
    systemctl daemon-reload
    systemctl --quiet enable --now shop-app
    nginx_site <<'END'
server {
    listen 80 default_server;
    location / {
        proxy_pass http://unix:/run/inner.sock;
    }
}
END
}
damage() { systemctl kill -s KILL shop-app; sleep 0.3; }

exit=2 status=cause-found cause=unix-socket recommended=
says='rm /run/inner.sock'
