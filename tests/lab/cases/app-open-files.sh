about='An application may open fewer files than it needs, by a drop-in of its unit'
site() { shelf_site ''; }
damage() {
    mkdir -p "$unit.d"
    printf '# Nobody needs more.\n[Service]\nLimitNOFILE=56\n' >"$unit.d/limits.conf"
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for sh -c 'ss -Hltn | grep -q 127.0.0.1:8000'
}

exit=2 status=cause-found cause=connection-limit recommended=connection-limit/raise-limit-nofile
edits=/etc/systemd/system/shop-app.service.d/limits.conf
says='may open 56 files .LimitNOFILE=56, /etc/systemd/system/shop-app.service.d/limits.conf:3., and has 5[456] open'
apply=0 after=200
