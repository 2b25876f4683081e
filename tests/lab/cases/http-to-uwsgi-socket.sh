about='proxy_pass leads to a Unix socket where uWSGI speaks its own protocol'
site() { uwsgi_site; }
damage() {
    sed -i 's|uwsgi_pass unix|proxy_pass http://unix|; /uwsgi_params/d' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='uwsgi_pass unix:/run/shop-app/app.sock'
