about='The backend got a certificate signed by itself, and nginx checks against an authority'
site() { tls_site; }
damage() {
    tls_authority app app.internal
    nginx_reload
}

exit=2 status=cause-found cause=tls-upstream recommended=
says='signed by itself'
