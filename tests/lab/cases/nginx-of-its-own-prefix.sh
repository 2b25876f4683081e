about='The nginx that answers is not the one of /etc/nginx: it was started with a configuration and a prefix of its own'
site() {
    app_site
    mkdir -p /opt/web/conf /opt/web/logs
    sed -i 's|listen 80 |listen 8080 |' "$shop"
    nginx_reload
    cat >/opt/web/conf/nginx.conf <<'CONF'
pid logs/nginx.pid;
error_log logs/error.log;
events {}
http {
    access_log logs/access.log;
    server {
        listen 80;
        location / {
            proxy_pass http://127.0.0.1:8000;
        }
    }
}
CONF
    nginx -p /opt/web -c conf/nginx.conf
}
damage() {
    sed -i 's|:8000|:8010|' /opt/web/conf/nginx.conf
    nginx -p /opt/web -c conf/nginx.conf -s reload
    sleep 0.3
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='/opt/web/conf/nginx.conf is outside'
