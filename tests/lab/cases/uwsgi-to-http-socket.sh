about='uwsgi_pass leads to the Unix socket of gunicorn, which speaks HTTP'
site() {
    app_site
    sed -i 's|--bind 127.0.0.1:8000|--timeout 2 --bind unix:/run/shop-app/app.sock|; /^Type/aRuntimeDirectory=shop-app' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    sed -i 's|http://127.0.0.1:8000|http://unix:/run/shop-app/app.sock|' "$shop"
    nginx_reload
}
damage() {
    sed -i 's|proxy_pass http://|include uwsgi_params;\n        uwsgi_pass |; /proxy_set_header/d' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='an HTTP server listens there'
moves='^/tmp \|' # a worker that gunicorn ends has a file there
