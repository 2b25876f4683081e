about='The name that is asked leads to another host, whose nginx says 502; the one here is well'
backend=other
backend_site() {
    nginx_site <<'CONF'
server { listen 80 default_server; return 502; }
CONF
}
site() {
    app_site
    sed -i 's| default_server;|;\n    server_name www.internal;|' "$shop"
    nginx_reload
    dns_site www.internal 127.0.0.1
}
damage() { dns_says www.internal "$backend_address"; }
url=http://www.internal/

exit=3 status=inconclusive cause= recommended=
says='said by .*, which is no address of this host; here http://www.internal/ answers 200'
