about='The application resets each connection, as a process does that dies with unread data'
site() { raw_site; }
damage() { raw_answer RESET; }

exit=2 status=cause-found cause=invalid-response recommended=
says='resets the connection'
