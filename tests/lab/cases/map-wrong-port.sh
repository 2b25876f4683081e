about='A map chooses the backend, and names a port of nobody'
site() {
    app_site
    printf 'map $uri $shop_backend {\n    default 127.0.0.1:8000;\n}\n' >/etc/nginx/conf.d/map.conf
    sed -i 's|proxy_pass .*|proxy_pass http://$shop_backend;|' "$shop"
    nginx_reload
}
damage() {
    sed -i 's|8000|8900|' /etc/nginx/conf.d/map.conf
    nginx_reload
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=wrong-proxy-pass/use-127-0-0-1-8000 edits=/etc/nginx/conf.d/map.conf
says='/etc/nginx/conf.d/map.conf'
apply=0 after=200
