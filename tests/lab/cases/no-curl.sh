about='The host has no curl, so the address cannot be asked; the service is stopped, and that is known without it'
site() { app_site; }
damage() {
    systemctl stop shop-app
    curl -s -o /dev/null http://127.0.0.1/
    rm /usr/bin/curl
}
broken=''

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=''
