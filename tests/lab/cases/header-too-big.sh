about='The application sets a cookie of six thousand bytes'
site() { app_site; }
damage() {
    sed -i 's|\[("Content-Type"|[("Set-Cookie", "cart=" + "x" * 6000), ("Content-Type"|' /srv/shop/app.py
    systemctl restart shop-app
}

exit=2 status=cause-found cause=too-big-header recommended=too-big-header/enlarge-header-buffer edits=/etc/nginx/sites-enabled/shop
says='response header of 61[0-9][0-9] bytes'
apply=0 after=200
