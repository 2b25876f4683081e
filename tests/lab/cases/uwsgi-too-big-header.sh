about='The application behind uwsgi_pass sets a cookie of six thousand bytes; nothing on the host can ask it past nginx'
site() { uwsgi_site; }
damage() {
    sed -i 's|\[("Content-Type"|[("Set-Cookie", "cart=" + "x" * 6000), ("Content-Type"|' /srv/shop/app.py
    systemctl restart shop-app
}

exit=2 status=cause-found cause=too-big-header recommended=too-big-header/enlarge-header-buffer edits=/etc/nginx/sites-enabled/shop
says='uwsgi_buffer_size'
apply=0 after=200
