about='The service that auth_request asks answers 502 itself, of which nginx makes a 500; the application is well'
site() {
    app_site
    app_next
    sed -i 's|/srv/shop|/srv/auth|' "${unit%/*}/shop-next.service"
    mkdir -p /srv/auth
    cp /srv/shop/app.py /srv/auth/app.py
    systemctl daemon-reload
    systemctl restart shop-next
    sed -i 's|proxy_pass .*|auth_request /auth;\n        &|; $i\    location = /auth {\n        internal;\n        proxy_pass http://127.0.0.1:8001/;\n    }' "$shop"
    nginx_reload
}
damage() {
    sed -i 's|200 OK|502 Bad Gateway|' /srv/auth/app.py
    systemctl restart shop-next
}
broken=500

exit=3 status=inconclusive cause= recommended=
says='auth request unexpected status: 502'
