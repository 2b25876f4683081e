about='A PHP page needs more memory than PHP-FPM may use as a service, and the kernel ends its process'
site() {
    memory_counts
    php_site
    memory_limit "$fpm" 64M
}
damage() {
    # shellcheck disable=SC2016 # for PHP
    echo '<?php ini_set("memory_limit", -1); $report = str_repeat("x", 200000000); echo "the report";' >/srv/shop/index.php
    curl -s -o /dev/null http://127.0.0.1/
}

exit=2 status=cause-found cause=invalid-response recommended=
says='exited on signal 9.*kernel ended its process [0-9]+ .php-fpm.* for want of memory.*no more than 64 MiB'
moves='/var/log/php[0-9.]*-fpm.log |/journal/' # PHP's and the kernel's own account of each request
