about='PHP sends a header of ten thousand bytes; nobody can ask it past nginx'
site() { php_site; }
damage() {
    cat >/srv/shop/index.php <<'EOF_PHP'
<?php for ($n = 0; $n < 4; $n++) header("X-Rule-$n: " . str_repeat("x", 2500)); echo "open";
EOF_PHP
    systemctl restart "$fpm" # its cache of scripts may be two seconds behind
}

exit=2 status=cause-found cause=too-big-header recommended=too-big-header/enlarge-header-buffer edits=/etc/nginx/sites-enabled/shop
says='could not be measured'
apply=0 after=200
