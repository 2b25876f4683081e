about='nginx checks the certificate of its backend, and it expired yesterday'
site() { tls_site; }
damage() {
    tls_certificate app ca -1
    nginx_reload
}

exit=2 status=cause-found cause=tls-upstream recommended=
says='was valid only until'
