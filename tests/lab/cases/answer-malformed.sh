about='A header line of the application has no name'
site() { raw_site; }
damage() { raw_answer 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n: nameless\r\n\r\nx'; }

exit=2 status=cause-found cause=invalid-response recommended=
says='header line has no name'
