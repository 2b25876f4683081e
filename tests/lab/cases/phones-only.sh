about='Only telephones are sent to the application that is stopped; what fettle asks as goes to another one, which is well'
site() {
    app_site
    app_next
    sed -i 's|    location / {|    location / {\n        if ($http_user_agent ~* "iphone\|android") {\n            proxy_pass http://127.0.0.1:8001;\n        }|' "$shop"
    nginx_reload
}
damage() {
    systemctl stop shop-next
    curl -s -o /dev/null -A 'Mozilla/5.0 (iPhone)' http://127.0.0.1/
}
broken=200

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-next
apply=0 after=200
