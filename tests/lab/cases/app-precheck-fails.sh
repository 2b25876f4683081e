about='A check before the start fails: the migration that the unit runs first'
site() {
    app_site
    sed -i '/^ExecStart=/iExecStartPre=/srv/shop/migrate' "$unit"
    printf '#!/bin/sh\nexit 0\n' >/srv/shop/migrate
    chmod 755 /srv/shop/migrate
    systemctl daemon-reload
    systemctl restart shop-app
}
damage() {
    printf '#!/bin/sh\necho "migration 42: relation \\"orders\\" is locked"\nexit 3\n' >/srv/shop/migrate
    ! systemctl restart shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says='/srv/shop/migrate., ended with status 3.*migration 42'
apply=6 after=502
apply_says='migration 42'
