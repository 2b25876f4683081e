about='uwsgi_pass leads to a port where uWSGI speaks HTTP (http-socket)'
site() { uwsgi_site 127.0.0.1:8000; }
damage() {
    sed -i 's|^socket =|http-socket =|' "$ini"
    systemctl restart shop-app
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='an HTTP server listens there'
