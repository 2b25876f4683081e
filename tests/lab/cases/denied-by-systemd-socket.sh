about="The same for PHP's socket: its permissions are right, and chmod would not help"
site() { php_site; }
damage() {
    harden nginx 'SystemCallFilter=~connect' SystemCallErrorNumber=EACCES
}

exit=2 status=cause-found cause=permission-denied recommended=
says='SystemCallFilter'
