about='Two locations fit; the regular expression wins, and it is the one with a digit wrong'
site() {
    app_site
    sed -i 's|    location / {|    # location ~ \\.json$ { proxy_pass http://127.0.0.1:8010; }\n    location /api/ {\n        proxy_pass http://127.0.0.1:8000;\n    }\n    location ~* \\.json$ {\n        rewrite ^/v1/(.*) /$1 break;\n        proxy_pass http://127.0.0.1:8000;\n    }\n&|' "$shop"
    nginx_reload
}
damage() {
    sed -i '/rewrite/{n;s|8000|8010|}' "$shop"
    nginx_reload
}
url=http://127.0.0.1/api/v1/list.JSON

exit=2 status=cause-found cause=upstream-down recommended=
says='use already .gunicorn on 127.0.0.1:8000'
