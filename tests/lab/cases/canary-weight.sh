about='A tenth of the visitors is sent to a new version, by split_clients, and that one is stopped'
site() {
    app_site
    app_next
    printf 'split_clients "$remote_addr$request_id" $shop {\n    50%% 127.0.0.1:8001;\n    * 127.0.0.1:8000;\n}\n' >/etc/nginx/conf.d/split.conf
    sed -i 's|//127.0.0.1:8000|//$shop|' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-next; for n in 1 2 3 4 5 6 7 8; do curl -s -o /dev/null http://127.0.0.1/; done; }
broken='200\|502' quiet=yes

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-next
apply=0 after=200
