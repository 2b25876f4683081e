about='The name went into a variable, so that nginx asks at each request; whom, nobody has told it'
site() {
    app_site
    dns_site app.internal 127.0.0.1
    sed -i 's|//127.0.0.1:8000|//app.internal:8000|' "$shop"
    nginx_reload
}
damage() {
    sed -i 's|proxy_pass .*|set $app "app.internal";\n        proxy_pass http://$app:8000;|' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=dns-resolution recommended=dns-resolution/add-resolver edits=/etc/nginx/sites-enabled/shop
says="own server 127.0.0.1 answers 127.0.0.1"
apply=0 after=200
