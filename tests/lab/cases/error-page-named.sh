about='error_page hands each failed request to a second backend, which is stopped, too: mending that one must not hide the first'
site() {
    app_site
    sed 's|8000|8001|; s|^Description=.*|Description=The stand-in|' "$unit" >/etc/systemd/system/stand-in.service
    systemctl daemon-reload
    systemctl --quiet enable --now stand-in
    sed -i 's|proxy_pass .*|&\n        error_page 502 504 = @standin;|; $i\    location @standin {\n        proxy_pass http://127.0.0.1:8001;\n    }' "$shop"
    nginx_reload
}
damage() { systemctl stop shop-app stand-in; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-stand-in
says='refused at 127.0.0.1:8000, too'
apply=0 after=200
