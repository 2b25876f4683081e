about='The application promises a thousand bytes and sends twelve: no 502, but a page that is cut'
site() { raw_site; }
damage() { raw_answer 'HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\nthe shop ans'; }
broken=200

exit=2 status=cause-found cause=invalid-response recommended=
says='after 12 bytes of the body'
