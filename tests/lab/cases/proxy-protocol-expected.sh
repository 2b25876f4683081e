about='The inner server expects the PROXY protocol, which the outer one does not send'
site() {
    app_site
    sed -i 's|proxy_pass .*|proxy_pass http://127.0.0.1:8080;|' "$shop"
    printf 'server {\n    listen 127.0.0.1:8080;\n    location / {\n        proxy_pass http://127.0.0.1:8000;\n    }\n}\n' >/etc/nginx/conf.d/inner.conf
    nginx_reload
}
damage() {
    sed -i 's|8080;|8080 proxy_protocol;|' /etc/nginx/conf.d/inner.conf
    nginx_reload
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='proxy_protocol'
