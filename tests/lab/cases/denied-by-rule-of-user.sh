about="A routing rule prohibits connections to nginx's user only"
site() { app_site; }
damage() {
    ip rule add pref 10 lookup local
    ip rule del pref 0
    ip rule add pref 5 uidrange "$(id -u www-data)-$(id -u www-data)" prohibit
}

exit=2 status=cause-found cause=permission-denied recommended=
says="routing rule prohibits connections to nginx's user"
