about='The backend has a certificate of the new authority, which the host trusts by now and nginx does not'
site() { tls_site; }
damage() {
    tls_authority new "The new authority"
    tls_certificate app new 5
    mkdir -p /etc/ssl/certs
    cat /srv/tls/new.crt >>/etc/ssl/certs/ca-certificates.crt
    nginx_reload
}

exit=2 status=cause-found cause=tls-upstream recommended=tls-upstream/trust-the-system-store edits=/etc/nginx/sites-enabled/shop
says='The new authority'
apply=0 after=200
