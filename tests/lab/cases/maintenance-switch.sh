about='Somebody forgot the file by which nginx is told to answer 502 during maintenance; the application is well'
site() {
    app_site
    sed -i 's|    location / {|    if (-f /srv/shop/maintenance) {\n        return 502;\n    }\n&|' "$shop"
    nginx_reload
}
damage() { touch /srv/shop/maintenance; }

exit=3 status=inconclusive cause= recommended=
says='sites-available/shop:[0-9]+|sites-enabled/shop:[0-9]+'
