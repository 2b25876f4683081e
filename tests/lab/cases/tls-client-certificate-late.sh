about='With TLS 1.3 the backend that demands a certificate of its clients says so only after the handshake'
site() {
    tls_python_site
    sed -i 's/proxy_ssl_verify on;/&\n        proxy_ssl_protocols TLSv1.3;/' "$shop"
    nginx_reload
}
damage() { tls_demands; }

exit=2 status=cause-found cause=tls-upstream recommended=
says='takes only clients that show a certificate.*proxy_ssl_certificate is not set'
