about='nginx itself answers 503, since more is asked than limit_req admits; the application is well'
site() {
    app_site
    printf 'limit_req_zone $binary_remote_addr zone=shop:1m rate=1r/m;\n' >/etc/nginx/conf.d/limit.conf
}
damage() {
    sed -i 's|proxy_pass .*|limit_req zone=shop;\n        &|' "$shop"
    nginx_reload
    curl -s -o /dev/null http://127.0.0.1/
}
broken=503

exit=3 status=inconclusive cause= recommended=
says='limit_req'
