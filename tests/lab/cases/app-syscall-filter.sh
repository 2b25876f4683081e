about='The hardened unit forbids a system call that the application needs'
site() { app_site; }
damage() {
    sed -i '/^User/aSystemCallFilter=~listen' "$unit"
    systemctl daemon-reload
    ! systemctl restart shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=
says='signal SYS'
