about='The backend is another host, whose reports take longer than nginx waits'
backend=app
backend_site() {
    app_unit 0.0.0.0:8000
    app_slow
}
site() {
    far_site
    sed -i 's|proxy_pass|proxy_read_timeout 2s;\n        &|' "$shop"
    nginx_reload
}
backend_damage() { echo 4 >/srv/shop/seconds; }
broken=504

exit=2 status=cause-found cause=proxy-timeout recommended=proxy-timeout/raise-proxy-read-timeout edits=/etc/nginx/sites-enabled/shop
says='first byte 4[.]'
apply=0 after=200
