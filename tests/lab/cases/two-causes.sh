about="Two causes at once: somebody took PHP's socket away from nginx, and the application is stopped"
site() {
    php_site
    app_unit 127.0.0.1:8000
    sed -i 's|    location / {|    location /app/ { proxy_pass http://127.0.0.1:8000/; }\n    location / {|' "$shop"
    nginx_reload
}
damage() {
    systemctl stop shop-app
    chown root "$sock"
    chmod 600 "$sock"
    curl -s -o /dev/null http://127.0.0.1/app/
}

exit=2 status=cause-found cause='unix-socket upstream-down'
recommended="unix-socket/restart-$fpm_id upstream-down/start-shop-app"
apply=0 after=200
