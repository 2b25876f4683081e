about='The backend demands a certificate of its clients, and nginx has none to show'
site() { tls_python_site; }
damage() { tls_demands; }

exit=2 status=cause-found cause=tls-upstream recommended=
says='takes only clients that show a certificate.*proxy_ssl_certificate is not set'
