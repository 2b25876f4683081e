about='The virtual environment of the application was made anew elsewhere: the program that the unit starts is gone'
site() {
    app_site
    mkdir -p /srv/shop/venv/bin; ln -s /usr/bin/python3 /srv/shop/venv/bin/python3
    printf '#!/srv/shop/venv/bin/python3\nimport sys\nfrom gunicorn.app.wsgiapp import run\nsys.exit(run())\n' >/srv/shop/venv/bin/gunicorn
    chmod 755 /srv/shop/venv/bin/gunicorn
    sed -i 's|/usr/bin/gunicorn|/srv/shop/venv/bin/gunicorn|' "$unit"
    systemctl daemon-reload
    systemctl restart shop-app
}
damage() {
    ln -sf /usr/bin/python3.9 /srv/shop/venv/bin/python3
    ! systemctl restart shop-app
}

exit=2 status=cause-found cause=upstream-down recommended=
# Which file it was says a process that has just ended, and journald does not always know by then whose it was.
says='could not begin its program .status 203/EXEC'
