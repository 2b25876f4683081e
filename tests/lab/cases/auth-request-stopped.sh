about='The service that auth_request asks is stopped: nginx answers 500, and the application is well'
site() {
    app_site
    sed 's|8000|8001|; s|^Description=.*|Description=Who may come in|' "$unit" >/etc/systemd/system/shop-auth.service
    systemctl daemon-reload
    systemctl --quiet enable --now shop-auth
    sed -i 's|proxy_pass .*|auth_request /auth;\n        &|; $i\    location = /auth {\n        internal;\n        proxy_pass http://127.0.0.1:8001/;\n    }' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-auth; }
broken=500

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-auth
apply=0 after=200
