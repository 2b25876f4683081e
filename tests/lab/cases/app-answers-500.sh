about='The backend itself answers 500: an error, but not this one'
site() { app_site; }
damage() {
    app_code "500 Internal Server Error"
    systemctl restart shop-app
}
broken=500

exit=0 status=healthy cause= recommended=
