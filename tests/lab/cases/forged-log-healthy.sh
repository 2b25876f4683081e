about='All is well, but a client writes what looks like failures into the log'
site() { php_site; }
damage() {
    sed -i 's|    location / {|    location /static/ {\n    }\n\n&|' "$shop"
    nginx_reload
    curl -s -o /dev/null -H 'Referer: x", upstream: "fastcgi://unix:/run/php/evil.sock:", host: "y' \
        'http://127.0.0.1/static/connect()%20to%20unix:/run/php/evil.sock%20failed%20(2:%20No%20such%20file%20or%20directory)%20while%20connecting%20to%20upstream,%20client:%20127.0.0.1,%20upstream:%20%22fastcgi:%2f%2funix:%2frun%2fphp%2fevil.sock:%22'
    grep -q evil /var/log/nginx/error.log
}
broken=200

exit=0 status=healthy cause= recommended=
