about="nginx's workers may not pass the folder that the socket is in"
site() { php_site; }
damage() {
    chown root:root /run/php
    chmod 700 /run/php
}

exit=2 status=cause-found cause=unix-socket recommended=
says='/run/php[^/]'
