about='The application lets nginx send the file from a store (X-Accel-Redirect), whose service is stopped; the application itself answers 200'
site() {
    app_site
    app_next
    sed -i 's|\[("Content|[("X-Accel-Redirect", "/store/42"), ("Content|' /srv/shop/app.py
    systemctl restart shop-app
    sed -i 's|/srv/shop|/srv/store|' "${unit%/*}/shop-next.service"
    mkdir -p /srv/store
    sed 's|("X-Accel-Redirect", "/store/42"), ||' /srv/shop/app.py >/srv/store/app.py
    systemctl daemon-reload
    systemctl restart shop-next
    sed -i '$i\    location /store/ {\n        internal;\n        proxy_pass http://127.0.0.1:8001/;\n    }' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-next; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-next
apply=0 after=200
