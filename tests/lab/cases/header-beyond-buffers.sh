about='A header of twenty thousand bytes: a larger header buffer alone is one that nginx refuses'
site() {
    app_site
    sed -i 's|    server {|&|; s|proxy_pass .*|proxy_buffer_size 4k;\n        proxy_busy_buffers_size 8k;\n        &|' "$shop"
    nginx_reload
}
damage() {
    sed -i 's|\[("Content-Type"|[("Set-Cookie", "c%d=" % n + "x" * 4000) for n in range(5)] + [("Content-Type"|' /srv/shop/app.py
    systemctl restart shop-app
}

exit=2 status=cause-found cause=too-big-header recommended=too-big-header/enlarge-header-buffer edits=/etc/nginx/sites-enabled/shop
says='the buffer for it has 4k, set in'
apply=0 after=200
