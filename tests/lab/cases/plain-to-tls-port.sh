about='The application speaks TLS since its last start, and proxy_pass still says http'
site() { app_site; }
damage() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=app.internal -days 2 \
        -keyout /srv/shop/app.key -out /srv/shop/app.crt 2>/dev/null
    chown www-data /srv/shop/app.key
    sed -i 's|--bind|--certfile app.crt --keyfile app.key --bind|' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=wrong-proxy-pass/speak-https edits=/etc/nginx/sites-enabled/shop
says='that port speaks TLS'
apply=0 after=200
