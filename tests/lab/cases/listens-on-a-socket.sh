about='nginx listens on a Unix socket only, for a proxy in front of it; the application is stopped, and no address is given'
site() { app_site; }
damage() {
    sed -i 's|listen 80 .*|listen unix:/run/web.sock;|' "$shop"
    nginx_reload
    systemctl stop shop-app
    curl -s -o /dev/null --unix-socket /run/web.sock http://shop.internal/
}
ask= quiet=yes

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=000
