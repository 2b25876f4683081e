about='The error log is written at level debug, so that its end is seconds old; an order failed minutes before'
site() {
    app_site
    app_next
    sed -i 's|    location / {|    location /order {\n        proxy_pass http://127.0.0.1:8001;\n    }\n    location / {|' "$shop"
    sed -i 's|^error_log .*|error_log /var/log/nginx/error.log debug;|' /etc/nginx/nginx.conf
    nginx_reload
}
damage() {
    systemctl stop shop-next
    curl -s -o /dev/null -d order=1 http://127.0.0.1/order
    for n in $(seq 60); do curl -s -o /dev/null http://127.0.0.1/; done
}
ask= quiet=yes

exit=3 status=inconclusive cause= recommended=
says='back to'
