about='A copy of each request goes to a test system, which is stopped; no customer notices'
site() {
    app_site
    app_next
    sed -i 's|    location / {|    location = /mirror {\n        internal;\n        proxy_pass http://127.0.0.1:8001$request_uri;\n    }\n    location / {\n        mirror /mirror;|' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-next; }
broken=200

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-next
says='subrequest /mirror'
apply=0 after=200
