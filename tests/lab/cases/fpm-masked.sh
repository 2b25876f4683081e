about='PHP-FPM is masked: somebody does not want it to run'
site() { php_site; }
damage() {
    systemctl stop "$fpm"
    systemctl --quiet mask "$fpm"
}

exit=2 status=cause-found cause=unix-socket recommended=
says=unmask
