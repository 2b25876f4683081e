about='A part of the path chooses the port (a regular expression), and the one that is asked for is of a service that is stopped'
site() {
    app_site
    app_next
    sed -i 's|location / {|location ~ ^/(80[0-9][0-9])/(.*) {\n        proxy_pass http://127.0.0.1:$1/$2;\n    }\n    &|' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-next; }
url=http://127.0.0.1/8001/

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-next
apply=0 after=200
