about="nginx has an AppArmor profile, but nothing says that it denied anything; something else does"
site() { app_site; }
damage() {
    connect_denied
    nginx_label '/usr/sbin/nginx (enforce)'
}

exit=3 status=inconclusive cause= recommended=
says='nginx may not connect to 127.0.0.1:8000'
moves='denied.py' # the filter, before it becomes nginx
