about='The application answers 502 itself, since something behind it failed'
site() { app_site; }
damage() {
    app_code "502 Bad Gateway"
    systemctl restart shop-app
}

exit=2 status=cause-found cause=backend-error recommended=
says='by itself when it is asked past nginx'
