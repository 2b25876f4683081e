about='nginx listens at one address of the host only, and not at the one that is asked'
site() {
    app_site
    ip address add 10.77.0.99/32 dev lo
}
damage() {
    sed -i 's|listen 80 |listen 10.77.0.99:80 |' "$shop"
    nginx_reload
}
broken=000

exit=3 status=inconclusive cause= recommended=
says='listen'
