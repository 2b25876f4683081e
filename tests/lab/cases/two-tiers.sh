about='nginx in front of a second server of the same nginx, whose application is down: not the inner one said it, the application is gone'
site() {
    app_site
    sed -i 's|proxy_pass .*|proxy_http_version 1.1;\n        proxy_pass http://127.0.0.1:8080;|' "$shop"
    cat >/etc/nginx/conf.d/inner.conf <<'EOF_INNER'
server {
    listen 8080;
    location / {
        proxy_pass http://127.0.0.1:8000;
    }
}
EOF_INNER
    nginx_reload
}
damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
