about='error_page makes a 503 and a friendly page of every 502; the application is stopped'
site() {
    app_site
    sed -i 's|    location / {|    error_page 502 504 =503 /soon.html;\n    location = /soon.html { return 503 "soon\\n"; }\n    location / {|' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-app; }

broken=503
exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
