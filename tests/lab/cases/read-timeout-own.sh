about='The slow location has a time-out of its own, in an include that it alone uses; a quick location fails with it, by another cause'
site() {
    app_site
    app_slow
    echo 'proxy_read_timeout  1500ms; # was enough last year' >/etc/nginx/snippets/reports.conf
    nginx_site <<'END'
server {
	listen 80 default_server;
	location /reports/ {
		include snippets/reports.conf;
		proxy_pass http://127.0.0.1:8000/reports/;
	}
	location / {
		proxy_pass http://127.0.0.1:8001;
	}
}
END
}
damage() {
    echo 3 >/srv/shop/seconds
    curl -s -o /dev/null http://127.0.0.1/
}
url=http://127.0.0.1/reports/all broken=504

exit=2 status=cause-found cause='proxy-timeout upstream-down' recommended=proxy-timeout/raise-proxy-read-timeout edits=/etc/nginx/snippets/reports.conf
says='1500ms'
apply=0 after=200
