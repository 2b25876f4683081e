about='More customers than the one worker of a gunicorn application can serve; its gunicorn.conf.py says workers = 1'
settings() {
    sed -i 's|--workers 1 ||' "$unit"
    cat >/srv/shop/gunicorn.conf.py <<'EOF_CONF'
"""gunicorn's settings for the shop.

workers = 4 was too much for the old machine.
"""
workers = 1  # ask the shop's team before you change it
worker_class = "sync"
EOF_CONF
}
site() { busy_site settings; }
damage() { busy_customers 0.2; }
quiet=yes

exit=2 status=cause-found cause=connection-limit recommended=connection-limit/raise-workers
edits=/srv/shop/gunicorn.conf.py
says='set by workers in /srv/shop/gunicorn.conf.py:5'
moves='customers.py'
apply=0 after=200
