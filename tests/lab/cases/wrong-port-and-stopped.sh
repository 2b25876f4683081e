about='proxy_pass names a port of nobody; one application listens elsewhere, and another is enabled and stopped'
site() {
    app_site
    sed 's/^Description=.*/Description=The next shop/; s/:8000/:${PORT}/' "$unit" >"${unit%/*}/shop-next.service"
    sed -i '/^ExecStart/iEnvironment=PORT=8001' "${unit%/*}/shop-next.service"
    systemctl daemon-reload
    systemctl --quiet enable shop-next
}
damage() {
    sed -i 's|127.0.0.1:8000|127.0.0.1:8080|' "$shop"
    nginx_reload
}

exit=3 status=inconclusive cause= recommended=
says='shop-next.service, which should run and does not'
