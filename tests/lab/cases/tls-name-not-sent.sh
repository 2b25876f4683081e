about='The backend serves several names now and rejects whoever does not say which; nginx does not'
site() { tls_site; }
damage() {
    sed -i '1i server { listen 127.0.0.1:8443 ssl default_server; ssl_reject_handshake on; }' /etc/nginx/conf.d/backend.conf
    sed -i '/proxy_ssl_verify/d; /proxy_ssl_trusted/d' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=tls-upstream recommended=tls-upstream/send-the-name edits=/etc/nginx/sites-enabled/shop
says='With the name app.internal the handshake succeeds'
apply=0 after=200
