about='The backend is another host; proxy_pass has a digit wrong, and the application runs there all the while'
backend=app
backend_site() { app_unit 0.0.0.0:8000; }
site() { far_site; }
damage() {
    sed -i 's|:8000;|:8080;|' "$shop"
    nginx_reload
}

exit=2 status=cause-found cause=wrong-proxy-pass recommended=wrong-proxy-pass/use-BACKEND-8000 edits=/etc/nginx/sites-enabled/shop
apply=0 after=200
