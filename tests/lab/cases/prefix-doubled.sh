about='proxy_pass puts the prefix in a second time; a fallback that is down makes 502 of the 404'
site() {
    app_site
    app_knows /api/items /api/users
    systemctl restart shop-app
    nginx_site <<'END'
server {
    listen 80 default_server;

    location /api/ {
        proxy_pass http://127.0.0.1:8000/api/;
        proxy_intercept_errors on;
        error_page 404 =502 @gone;
    }
    location @gone { return 502 "gone"; }
}
END
}
damage() {
    sed -i 's|8000/api/;|8000/api/api/;|' "$shop"
    nginx_reload
}
url=http://127.0.0.1/api/items

exit=2 status=cause-found cause=wrong-proxy-pass recommended=wrong-proxy-pass/keep-the-prefix edits=/etc/nginx/sites-enabled/shop
says='/api/api/items'
apply=0 after=200
