about='uwsgi_pass names another socket than uWSGI listens on, and an HTTP server has one, too'
site() {
    uwsgi_site
    printf '[Service]\nUser=www-data\nRuntimeDirectory=admin\nWorkingDirectory=/srv/shop\nExecStart=/usr/bin/gunicorn --bind unix:/run/admin/admin.sock app:app\n' \
        >/etc/systemd/system/admin.service
    systemctl daemon-reload
    systemctl --quiet start admin
    wait_for curl -s -o /dev/null --unix-socket /run/admin/admin.sock http://localhost/
}
damage() {
    sed -i 's|/run/shop-app/app.sock|/run/shop/shop.sock|' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=unix-socket recommended=unix-socket/use-app-sock edits=/etc/nginx/sites-enabled/shop
says='uWSGI \(/srv/shop/shop.ini:7\) listens on /run/shop-app/app.sock'
apply=0 after=200
