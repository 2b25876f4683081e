about='proxy_pass speaks TLS to a plain port; the application waits for more of what it takes for a request, so it times out'
site() {
    app_site
    sed -i 's|proxy_set_header|proxy_connect_timeout 2s;\n        &|' "$shop"
    nginx_reload
}
damage() {
    sed -i 's|http://127.0.0.1:8000|https://127.0.0.1:8000|' "$shop"
    nginx_reload
}
broken=504

exit=2 status=cause-found cause=wrong-proxy-pass recommended=wrong-proxy-pass/speak-http edits=/etc/nginx/sites-enabled/shop
says='that port speaks plain HTTP'
apply=0 after=200
