about='One of two peers answers 502 by itself, the other one is well'
site() {
    app_site
    sed 's|8000|8001|; s|app:app|two:app|; s|^Description=.*|Description=The second shop|' "$unit" >/etc/systemd/system/shop-two.service
    cp /srv/shop/app.py /srv/shop/two.py
    systemctl daemon-reload
    systemctl --quiet enable --now shop-two
    printf 'upstream shop {\n    server 127.0.0.1:8000;\n    server 127.0.0.1:8001;\n}\n' >/etc/nginx/conf.d/shop.conf
    sed -i 's|proxy_pass .*|proxy_pass http://shop;|' "$shop"
    nginx_reload
}
damage() {
    sed -i 's|200 OK|502 Bad Gateway|' /srv/shop/two.py
    systemctl restart shop-two
}
quiet=yes

exit=2 status=cause-found cause=backend-error recommended=
says='127.0.0.1:8001 answers 502 by itself'
