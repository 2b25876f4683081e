about='The backend takes TLS 1.3 only, and nginx offers TLS 1.2 only'
site() { tls_site; }
damage() {
    sed -i '/listen/a    ssl_protocols TLSv1.3;' /etc/nginx/conf.d/backend.conf
    sed -i '/proxy_pass/a        proxy_ssl_protocols TLSv1.2;' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=tls-upstream recommended=
says='proxy_ssl_protocols is TLSv1.2'
