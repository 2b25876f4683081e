about='The backend takes the request and never answers: no time-out would be long enough'
site() {
    app_site
    app_slow
    sed -i 's|proxy_set_header|proxy_read_timeout 2s;\n        &|' "$shop"
    nginx_reload
}
damage() { echo 100 >/srv/shop/seconds; }
broken=504

exit=2 status=cause-found cause=proxy-timeout recommended=
says='it hangs, so a longer wait would mend nothing'
