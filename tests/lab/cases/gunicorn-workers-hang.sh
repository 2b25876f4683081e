about='The only worker of a gunicorn application waits for what never comes until gunicorn kills it: more of them would, too'
site() { busy_site sed -i 's|--workers 1|& --timeout 2|' "$unit"; }
damage() {
    busy_customers 3000
    sleep 3
}
quiet=yes

exit=2 status=cause-found cause=connection-limit recommended=
says='silent for longer than its --timeout'
# Each new worker makes a file in /tmp and removes it again.
moves='customers.py|^/tmp \| folder'
