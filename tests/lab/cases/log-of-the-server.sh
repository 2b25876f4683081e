about='The server has an error log of its own in another place and no access log; no address is given'
site() {
    app_site
    mkdir -p /srv/log
    sed -i 's|listen 80 .*|listen 8090;\n    server_name shop.localhost;\n    error_log /srv/log/shop.log warn;\n    access_log off;|' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-app; }
url=http://shop.localhost:8090/ ask=
moves='^/srv/log/shop.log ' # nginx writes there

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says='/srv/log/shop.log'
apply=0 after=200
