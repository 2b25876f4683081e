about='The service does not start with another number of workers, which is set by WEB_CONCURRENCY in its unit: all is put back'
settings() {
    sed -i 's|--workers 1 ||; /^ExecStart/i\
Environment="WEB_CONCURRENCY=1" SHOP=open\
ExecStartPre=/usr/bin/test ${WEB_CONCURRENCY} = 1' "$unit"
}
site() { busy_site settings; }
damage() { busy_customers 0.2; }
quiet=yes

exit=2 status=cause-found cause=connection-limit recommended=connection-limit/raise-workers
says='set by WEB_CONCURRENCY in /etc/systemd/system/shop-app.service:9'
moves='customers.py'
apply=6 after=502
apply_says='shop-app'
