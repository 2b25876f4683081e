about='A PHP page takes its own process down with a segmentation fault'
site() { php_site; }
damage() {
    sed -i 's|^;*ffi.enable.*|ffi.enable=true|' "/etc/php/$php/fpm/php.ini"
    echo '<?php FFI::cdef("int raise(int);")->raise(11);' >/srv/shop/index.php
    systemctl restart "$fpm"
}

exit=2 status=cause-found cause=invalid-response recommended=
says='signal 11'
moves='/var/log/php[0-9.]*-fpm.log ' # PHP's own account of each request
