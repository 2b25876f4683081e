about="A hardened nginx.service lacks the system call connect; the application is well"
site() { app_site; }
damage() {
    harden nginx 'SystemCallFilter=~connect' SystemCallErrorNumber=EACCES
}

exit=2 status=cause-found cause=permission-denied recommended=
says='nginx.service.d/hardening.conf'
