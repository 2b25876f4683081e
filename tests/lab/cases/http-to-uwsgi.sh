about='proxy_pass leads to a port where uWSGI speaks its own protocol'
site() { uwsgi_site 127.0.0.1:8000; }
damage() {
    sed -i 's|uwsgi_pass 127|proxy_pass http://127|; /uwsgi_params/d' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='uwsgi_pass 127.0.0.1:8000'
