about='Two slow pages keep both processes of the PHP-FPM pool, and the queue of its socket is full'
site() {
    php_site
    echo '<?php if (isset($_GET["slow"])) sleep(3000); echo "the shop is open";' >/srv/shop/index.php
    sed -i 's|^pm = .*|pm = static|; s|^pm.max_children = .*|pm.max_children = 2|; s|^;*listen.backlog = .*|listen.backlog = 1|' "$pool"
    systemctl restart "$fpm"
    sed -i 's|fastcgi_pass |fastcgi_read_timeout 1h;\n        &|' "$shop"
    nginx_reload
}
damage() {
    local n
    for n in 1 2 3 4 5; do
        setsid -f curl -s -o /dev/null --max-time 3600 "http://127.0.0.1/?slow=$n" </dev/null >/dev/null 2>&1
    done
    wait_for sh -c "curl -s -o /dev/null -w '%{http_code}' --max-time 2 http://127.0.0.1/ | grep -q 502"
}

exit=2 status=cause-found cause=connection-limit recommended=connection-limit/raise-max-children
edits=$pool
says='pm.max_children'
moves='curl -s -o /dev/null'
apply=0 after=200
