about='All is well, empty logs, and no address is given'
site() { php_site; }
damage() {
    : >/var/log/nginx/error.log
    : >/var/log/nginx/access.log
}
broken=200 quiet=yes ask=

exit=0 status=healthy cause= recommended=
