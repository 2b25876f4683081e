about='proxy_pass leads to the very server that it stands in: each request asks nginx again, until no connection is left'
site() { app_site; }
damage() {
    sed -i 's|proxy_pass .*|proxy_pass http://127.0.0.1;|' "$shop"
    nginx_reload
}
broken='500\\|502' quiet=yes

exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='passed on to http://127.0.0.1 .*gunicorn on 127.0.0.1:8000'
