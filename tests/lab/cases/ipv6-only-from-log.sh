about='The server listens on one IPv6 address only and has no name; the address comes from the log, and the application is stopped'
site() {
    app_site
    sed -i 's|listen 80 .*|listen [::1]:8088 ipv6only=on;|' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-app; }
url='http://[::1]:8088/' ask=

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
