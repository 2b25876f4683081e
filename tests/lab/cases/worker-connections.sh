about='A worker of nginx may have three connections: the client gets the last one, and none is left for the application'
site() { app_site; }
damage() {
    sed -i 's|worker_connections .*|worker_connections 3; # saves memory|; s|^worker_processes .*|worker_processes 1;|' /etc/nginx/nginx.conf
    nginx_reload
}
broken=500

exit=2 status=cause-found cause=connection-limit recommended=connection-limit/raise-worker-connections edits=/etc/nginx/nginx.conf
says='may have 3 connections .*nginx.conf:'
apply=0 after=200
