about='uwsgi_pass names a port of nobody; uWSGI listens on another one, and so does an HTTP server'
site() {
    uwsgi_site 127.0.0.1:8000
    printf '[Service]\nUser=www-data\nWorkingDirectory=/srv/shop\nExecStart=/usr/bin/gunicorn --bind 127.0.0.1:8081 app:app\n' \
        >/etc/systemd/system/admin.service
    systemctl daemon-reload
    systemctl --quiet start admin
}
damage() {
    sed -i 's|uwsgi_pass .*|uwsgi_pass 127.0.0.1:8080;|' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=wrong-proxy-pass/use-127-0-0-1-8000 edits=/etc/nginx/sites-enabled/shop
apply=0 after=200
