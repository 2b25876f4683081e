about='Two server blocks have the same name: nginx takes the first one, which leads to a port of nobody'
site() {
    app_site
    sed -i 's|listen 80 default_server;|listen 80 default_server;\n    server_name shop.localhost;|' "$shop"
    nginx_reload
}
damage() {
    sed 's|8000|8900|; s| default_server||' "$shop" >/etc/nginx/conf.d/a-copy.conf
    nginx_reload
}
url=http://shop.localhost/

exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='a-copy.conf'
