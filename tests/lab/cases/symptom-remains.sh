about='PHP-FPM is stopped, but what it answers sends nginx on to a port where nobody listens'
site() { php_site; }
damage() {
    echo '<?php header("X-Accel-Redirect: /elsewhere/");' >/srv/shop/index.php
    sed -i 's|    location / {|    location /elsewhere/ {\n        internal;\n        proxy_pass http://127.0.0.1:9999;\n    }\n\n&|' "$shop"
    nginx_reload
    systemctl stop "$fpm"
}

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/restart-$fpm_id
apply=7 after=502
