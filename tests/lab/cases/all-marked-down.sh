about='All servers of the upstream are marked down, and both run'
site() {
    next_site <<'END'
server 127.0.0.1:8000;
server 127.0.0.1:8001;
END
}
damage() {
    sed -i 's|;$| down;|' /etc/nginx/conf.d/app.conf
    nginx_reload
}

exit=2 status=cause-found cause=no-live-upstreams recommended=
says='has the word `down`'
