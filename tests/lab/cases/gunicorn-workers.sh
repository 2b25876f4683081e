about='More customers than the one worker of a gunicorn application can serve; its command line says --workers 1'
site() { busy_site; }
damage() { busy_customers 0.2; }
# Now and then a customer's question comes just in time, so whether one is turned away is for fettle to see.
quiet=yes

exit=2 status=cause-found cause=connection-limit recommended=connection-limit/raise-workers
edits=/etc/systemd/system/shop-app.service
says='its only worker is at work.*set by --workers in /etc/systemd/system/shop-app.service:9.*does not hang: it finished'
moves='customers.py'
apply=0 after=200
