about='A page needs more memory than the unit may use, and the kernel ends the worker each time'
site() {
    memory_counts
    app_site
    memory_limit shop-app 64M
}
damage() {
    app_greedy 200000000 /
    systemctl restart shop-app
}

exit=2 status=cause-found cause=invalid-response recommended=
says='kernel ended its process [0-9]+ .gunicorn. for want of memory.*no more than 64 MiB'
moves='/journal/|/tmp . folder' # the kernel's words of each request; each new worker's file in /tmp
