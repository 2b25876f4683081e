about='The site asks for a password, which fettle does not have; who has one gets a 502, since the application is stopped'
site() { app_site; }
damage() {
    echo "ops:$(openssl passwd -apr1 secret)" >/etc/nginx/users
    sed -i 's|proxy_pass .*|&\n        auth_basic "The shop";\n        auth_basic_user_file users;|' "$shop"
    nginx_reload
    systemctl stop shop-app
    curl -s -o /dev/null -u ops:secret http://127.0.0.1/
}
broken=401

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-app
apply=0 after=401
