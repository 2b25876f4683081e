about='The name in the variable has a letter wrong: no server knows it'
site() {
    app_site
    dns_site app.internal 127.0.0.1
    sed -i 's|proxy_pass .*|set $app "app.internal";\n        proxy_pass http://$app:8000;|' "$shop"
    sed -i 's|location / |resolver 127.0.0.1;\n    &|' "$shop"
    nginx_reload
}
damage() {
    sed -i 's|"app.internal"|"ap.internal"|' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=dns-resolution recommended=
says='there is no such name'
