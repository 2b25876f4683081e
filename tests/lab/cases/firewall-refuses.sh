about='A firewall answers connection refused in the place of an application that listens'
site() { app_site; }
damage() { firewall 8000 reject with tcp reset; }

exit=2 status=cause-found cause=unreachable recommended=
says='something between refuses in its place'
