about='A second server block was added before the shop and became the default one; it leads to a port of nobody, and asking by address meets it'
site() { app_site; sed -i 's| default_server||; s|listen 80;|&\n    server_name shop.localhost;|' "$shop"; nginx_reload; }
damage() {
    sed 's|shop.localhost|beta.localhost|; s|:8000|:8010|' "$shop" >/etc/nginx/sites-enabled/beta
    nginx_reload
}

exit=2 status=cause-found cause=upstream-down recommended=
says='use already .gunicorn on 127.0.0.1:8000'
