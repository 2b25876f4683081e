about='nginx itself is stopped: no 502, no answer at all'
site() { php_site; }
damage() { systemctl stop nginx; }
broken=000

exit=3 status=inconclusive cause= recommended=
says='nginx does not run.*; nginx is stopped'
