about='The host has no curl, and nothing in the log: nobody can say that the address answers'
site() { app_site; }
damage() { rm /usr/bin/curl; }
broken=''

exit=3 status=inconclusive cause= recommended=
says='this host has no curl'
