about='nginx was started by hand and systemd does not know it; proxy_pass has a digit wrong'
site() {
    app_site
    systemctl stop nginx
    nginx
}
damage() {
    sed -i 's|127.0.0.1:8000|127.0.0.1:8010|' "$shop"
    nginx -s reload
    sleep 0.3
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=wrong-proxy-pass/use-127-0-0-1-8000 edits=/etc/nginx/sites-enabled/shop
apply=0 after=200
