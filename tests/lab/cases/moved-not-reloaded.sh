about='The application was moved to another port and nginx told so, but never reloaded'
site() { app_site; }
damage() {
    sed -i 's/:8000/:8010/' "$unit" "$shop"
    systemctl daemon-reload
    systemctl restart shop-app
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='older configuration'
