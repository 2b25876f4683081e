about='try_files falls back to a page that is not there, so nginx redirects in a circle and answers 500; the application is well'
site() {
    app_site
    mkdir -p /srv/www
    echo open >/srv/www/index.html
    sed -i 's|    location / {|    root /srv/www;\n    location / {\n        try_files $uri /index.html;\n    }\n    location /api/ {|' "$shop"
    nginx_reload
}
damage() { rm /srv/www/index.html; }
broken=500

exit=3 status=inconclusive cause= recommended=
says='redirection cycle'
