about='The service was never enabled, and is down since the host was booted'
site() {
    app_site
    sed -i '/^Description/aConditionPathExists=/srv/shop/app.py' "$unit"
    systemctl daemon-reload
}
damage() { systemctl --quiet disable --now shop-app; }

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says='is stopped .* It is not enabled, so it does not come up with the host either'
apply=0 after=200
