about='All is well, and nobody has asked anything since the logs were rotated'
site() { php_site; }
damage() {
    : >/var/log/nginx/error.log
    : >/var/log/nginx/access.log
}
broken=200 quiet=yes

exit=0 status=healthy cause= recommended=
