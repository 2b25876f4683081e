about='One location of two that lead to the same application has a digit wrong'
site() {
    app_site
    app_knows / /api/users
    systemctl restart shop-app
    sed -i 's|    location / {|    location /api/ { proxy_pass http://127.0.0.1:8000; }\n    location / {|' "$shop"
    nginx_reload
}
damage() {
    sed -i 's|location /api/ { proxy_pass http://127.0.0.1:8000|location /api/ { proxy_pass http://127.0.0.1:8080|' "$shop"
    nginx_reload
}

url=http://127.0.0.1/api/users
exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='Other locations use it already'
