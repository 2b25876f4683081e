about='SELinux does not let a web server open connections, since its boolean is off'
site() { app_site; }
damage() {
    connect_denied
    nginx_label 'system_u:system_r:httpd_t:s0'
    selinux_says enforce 1
    selinux_says booleans/httpd_can_network_connect '0 0'
}

exit=2 status=cause-found cause=permission-denied recommended=
says='httpd_can_network_connect is off.*setsebool -P httpd_can_network_connect on'
moves='denied.py' # the filter, before it becomes nginx
