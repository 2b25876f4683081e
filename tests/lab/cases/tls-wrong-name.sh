about='The backend went into an upstream block, whose name is on no certificate'
site() {
    tls_site
    dns_site app.internal 127.0.0.1
}
damage() {
    printf 'upstream shop_app {\n    server app.internal:8443;\n}\n' >/etc/nginx/conf.d/app.conf
    sed -i 's|//127.0.0.1:8443|//shop_app|; /proxy_ssl_name/d' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=tls-upstream recommended=tls-upstream/expect-app-internal edits=/etc/nginx/sites-enabled/shop
says='expects a certificate for the name shop_app'
apply=0 after=200
