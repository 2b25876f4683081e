about='The page for a 502 is itself fetched from the application, which is stopped'
site() {
    app_site
    sed -i 's|    location / {|    error_page 500 502 503 504 /50x.html;\n    location / {|' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-app; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
