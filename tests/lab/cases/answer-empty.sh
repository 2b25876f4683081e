about='The application closes each connection without an answer'
site() { raw_site; }
damage() { raw_answer ''; }

exit=2 status=cause-found cause=invalid-response recommended=
says='closes the connection without sending a byte'
