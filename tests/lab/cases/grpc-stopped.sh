about='grpc_pass leads to a service of its own, which is stopped'
site() {
    mkdir -p /srv/shop
    printf 'pid /run/shop-app.pid;\nerror_log /srv/shop/error.log;\nevents {}\nhttp {\n    access_log off;\n    server {\n        listen 127.0.0.1:50051 http2;\n        return 200;\n    }\n}\n' >/srv/shop/grpc.conf
    printf '[Service]\nType=forking\nPIDFile=/run/shop-app.pid\nExecStart=/usr/sbin/nginx -c /srv/shop/grpc.conf\n[Install]\nWantedBy=multi-user.target\n' >"$unit"
    systemctl daemon-reload
    systemctl --quiet enable --now shop-app
    nginx_site <<'END'
server {
    listen 80 default_server;
    location / {
        grpc_pass grpc://127.0.0.1:50051;
    }
}
END
}
damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
