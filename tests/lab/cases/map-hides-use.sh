about='A service is gone; the only other application is in use, but only a variable of the request leads to it'
site() {
    app_site
    sed 's|8000|8001|; s|^Description=.*|Description=The office|' "$unit" >/etc/systemd/system/office.service
    systemctl daemon-reload
    systemctl --quiet enable --now office
    sed -i '$i\    location ~ ^/at/(?<port>80[0-9]+)/ {\n        proxy_pass http://127.0.0.1:$port;\n    }' "$shop"
    nginx_reload
}
damage() {
    systemctl --quiet disable --now shop-app
    rm "$unit"
    systemctl daemon-reload
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='leads where a variable says'
