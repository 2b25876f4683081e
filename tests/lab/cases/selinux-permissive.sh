about='SELinux only writes down what it would deny; the application is stopped'
site() { app_site; }
damage() {
    nginx_label 'system_u:system_r:httpd_t:s0'
    selinux_says enforce 0
    selinux_says booleans/httpd_can_network_connect '0 0'
    systemctl stop shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=200
