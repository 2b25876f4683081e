about='The error log keeps critical lines only and the access log is JSON: no address is known, and quiet logs do not mean that all is well'
site() {
    app_site
    sed -i 's|error_log .*|error_log /var/log/nginx/error.log crit;|; s|access_log .*|log_format json escape=json "{\\"request\\":\\"$request\\",\\"status\\":$status}";\n\taccess_log /var/log/nginx/access.log json;|' /etc/nginx/nginx.conf
    nginx_reload
}
damage() { systemctl stop shop-app; }
ask=''

exit=3 status=inconclusive cause= recommended=
