about='The application answers 502 itself; a minute ago it was down, and the log still says so'
site() { app_site; }
damage() {
    systemctl stop shop-app
    curl -s -o /dev/null http://127.0.0.1/
    sleep 2
    app_code "502 Bad Gateway"
    systemctl start shop-app
}

exit=2 status=cause-found cause=backend-error recommended=
