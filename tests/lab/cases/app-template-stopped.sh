about='The application is an instance of a template unit, and stopped'
site() {
    app_site
    systemctl --quiet disable --now shop-app
    sed 's/--bind 127.0.0.1:8000/--bind 127.0.0.1:${PORT}/; /^ExecStart/iEnvironmentFile=/etc/default/gunicorn-%i' "$unit" >/etc/systemd/system/gunicorn@.service
    rm "$unit"
    echo PORT=8000 >/etc/default/gunicorn-shop
    systemctl daemon-reload
    systemctl --quiet enable --now gunicorn@shop
}
damage() { systemctl stop gunicorn@shop; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-gunicorn-shop
says='gunicorn@shop is stopped'
apply=0 after=200
