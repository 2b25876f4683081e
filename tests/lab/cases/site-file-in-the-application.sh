about='The site file is a symlink into the folder of the application, where fettle edits nothing; proxy_pass has a digit wrong'
site() {
    app_site
    mv "$shop" /srv/shop/nginx.conf
    ln -sf /srv/shop/nginx.conf /etc/nginx/sites-enabled/shop
    nginx_reload
}
damage() {
    sed -i 's|127.0.0.1:8000|127.0.0.1:8010|' /srv/shop/nginx.conf
    nginx_reload
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='leads to /srv/shop/nginx.conf, which is outside'
