about='The address given sends on to the name of the site, whose server leads to an application that is stopped'
site() { app_site; }
damage() {
    sed -i 's|listen 80 .*|listen 80;\n    server_name www.shop.internal;|' "$shop"
    printf 'server {\n    listen 80 default_server;\n    return 302 http://www.shop.internal$request_uri;\n}\n' >/etc/nginx/conf.d/name.conf
    systemctl stop shop-app
    nginx_reload
}
broken=302

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says='sends on to http://www.shop.internal/, which answers 502'
apply=0 after=302
