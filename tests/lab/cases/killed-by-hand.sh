about='The application was killed by hand; that its unit has a memory limit does not matter'
site() {
    memory_counts
    app_site
    memory_limit shop-app 64M
}
damage() {
    systemctl kill --signal=KILL shop-app
    wait_for systemctl --quiet is-failed shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
says='shop-app has crashed .signal, status 9. .*names it'
apply=0 after=200
moves='/journal/' # the kernel's words of the other hosts' network
