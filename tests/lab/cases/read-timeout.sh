about='A report takes longer than nginx waits; the rest of the site is quick'
site() {
    app_site
    app_slow
    nginx_site <<'END'
server {
    listen 80 default_server;
    proxy_read_timeout 2s;  # for all of the site

    location / {
        proxy_pass http://127.0.0.1:8000;
    }

    location /reports/ {
        proxy_pass http://127.0.0.1:8000;
        proxy_set_header Host $host;
    }
}
END
}
damage() { echo 4 >/srv/shop/seconds; }
url=http://127.0.0.1/reports/all broken=504

exit=2 status=cause-found cause=proxy-timeout recommended=proxy-timeout/raise-proxy-read-timeout edits=/etc/nginx/sites-enabled/shop
says='first byte 4[.]'
apply=0 after=200
