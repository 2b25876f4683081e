about="nginx's own limit of open files leaves none for the application"
site() { app_site; }
damage() {
    local n
    sed -i 's|^worker_processes .*|worker_processes 1;\nworker_rlimit_nofile 99;|' /etc/nginx/nginx.conf
    for n in 16 15 14 13 12 11 10 9; do
        sed -i "s|^worker_rlimit_nofile .*|worker_rlimit_nofile $n;|" /etc/nginx/nginx.conf
        nginx_reload
        ! curl -s --max-time 5 -o /dev/null -w '%{http_code}' http://127.0.0.1/ | grep -q 500 || break
    done
    grep -q 'socket() failed (24' /var/log/nginx/error.log
}
broken=500

exit=2 status=cause-found cause=connection-limit recommended=connection-limit/raise-open-files edits=/etc/nginx/nginx.conf
says='worker_rlimit_nofile, /etc/nginx/nginx.conf:'
apply=0 after=200
