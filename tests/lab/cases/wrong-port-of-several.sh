about='proxy_pass names a port of nobody, and two applications run that it could mean'
site() {
    app_site
    sed 's/^Description=.*/Description=The next shop/; s/:8000/:8001/' "$unit" >"${unit%/*}/shop-next.service"
    systemctl daemon-reload
    systemctl --quiet enable --now shop-next
}
damage() {
    sed -i 's|127.0.0.1:8000|127.0.0.1:8080|' "$shop"
    nginx_reload
}

exit=3 status=inconclusive cause= recommended=
says='only a person can say'
