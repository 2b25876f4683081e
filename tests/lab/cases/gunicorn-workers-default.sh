about='More customers than a gunicorn application can serve, which nobody told how many workers it may have'
site() { busy_site sed -i 's|--workers 1 ||' "$unit"; }
damage() { busy_customers 0.2; }
quiet=yes

exit=2 status=cause-found cause=connection-limit recommended=connection-limit/raise-workers
edits=/etc/systemd/system/shop-app.service
says="gunicorn's default, which nothing changes"
moves='customers.py'
apply=0 after=200
