about='The backend is a TLS server, an nginx on another host, and is stopped there'
backend=app
backend_site() {
    tls_site
    sed -i 's|listen 127.0.0.1:8443|listen 8443|' /etc/nginx/conf.d/backend.conf
    nginx_reload
}
site() {
    nginx_site <<EOF
server {
    listen 80 default_server;

    location / {
        proxy_pass https://$backend_address:8443;
        proxy_ssl_name app.internal;
        proxy_ssl_server_name on;
    }
}
EOF
}
backend_damage() { systemctl stop nginx; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-nginx
apply=0 after=200
