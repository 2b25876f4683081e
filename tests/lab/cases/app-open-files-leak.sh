about='An application opens the same file with each request and never closes it: a higher limit would mend nothing'
site() {
    shelf_site leaks
    sed -i '/^ExecStart/aLimitNOFILE=100' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
}
damage() {
    local n
    for n in $(seq 120); do
        curl -s -o /dev/null http://127.0.0.1:8000/ || :
    done
}

exit=2 status=cause-found cause=connection-limit recommended=
says='of them are /srv/shop/shelf/0: it does not close them'
