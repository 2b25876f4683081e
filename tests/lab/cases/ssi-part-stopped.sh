about='The page is put together by SSI, and the service of one part is stopped: the page is there, with a hole'
site() {
    app_site
    app_next
    mkdir -p /srv/www
    echo '<h1>The shop</h1><!--# include virtual="/basket" -->' >/srv/www/index.html
    nginx_site <<'END'
server {
    listen 80 default_server;
    root /srv/www;
    ssi on;
    location = /basket {
        proxy_pass http://127.0.0.1:8001;
    }
}
END
}
damage() { systemctl stop shop-next; }
broken=200

exit=2 status=cause-found cause=upstream-down recommended=upstream-down/start-shop-next
apply=0 after=200
