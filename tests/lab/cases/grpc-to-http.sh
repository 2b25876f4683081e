about='grpc_pass leads to an application that speaks HTTP/1'
site() { app_site; }
damage() {
    sed -i 's|proxy_pass http://127.0.0.1:8000;|grpc_pass grpc://127.0.0.1:8000;|; /proxy_set_header/d' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=
says='an HTTP server listens there'
