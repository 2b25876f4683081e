about='A PHP script answers 502 itself; PHP cannot be asked past nginx, but nginx logs what it does itself'
site() { php_site; }
damage() {
    echo '<?php http_response_code(502); echo "the bank does not answer";' >/srv/shop/index.php
    systemctl restart "$fpm" # its cache of scripts may be two seconds behind
}

exit=2 status=cause-found cause=backend-error recommended=
says='the application behind unix:.* sent that status'
