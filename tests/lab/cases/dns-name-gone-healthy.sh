about='A name in the configuration is not found and a reload was refused, but nginx answers as before'
site() {
    app_site
    dns_site app.internal 127.0.0.1
    sed -i 's|//127.0.0.1:8000|//app.internal:8000|' "$shop"
    nginx_reload
}
damage() {
    dns_says
    ! systemctl reload nginx
}
broken=200

exit=0 status=healthy cause= recommended=
