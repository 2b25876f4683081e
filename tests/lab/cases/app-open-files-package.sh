about='An application may open fewer files than it needs, by the unit file of its package: a drop-in is made, and taken away'
site() {
    shelf_site ''
    mv "$unit" /lib/systemd/system/shop-app.service
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for curl -s -o /dev/null http://127.0.0.1:8000/
}
damage() {
    sed -i '/^ExecStart/aLimitNOFILE=56:4096' /lib/systemd/system/shop-app.service
    systemctl daemon-reload
    systemctl restart shop-app
    wait_for sh -c 'ss -Hltn | grep -q 127.0.0.1:8000'
}

exit=2 status=cause-found cause=connection-limit recommended=connection-limit/raise-limit-nofile
edits=/etc/systemd/system/shop-app.service.d/open-files.conf
says='LimitNOFILE=56:4096, /lib/systemd/system/shop-app.service:'
apply=0 after=200
