about='nginx is told to answer 502: no backend is asked, and none is at fault'
site() { app_site; }
damage() {
    sed -i 's|        proxy_pass|        return 502;\n&|' "$shop"
    nginx_reload
}

exit=3 status=inconclusive cause= recommended=
says='own configuration answers 502'
