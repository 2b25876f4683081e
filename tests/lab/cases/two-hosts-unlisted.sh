about='The backend is another host, its application is stopped there, and the inventory does not know that host'
backend=app unlisted=two-hosts-unlisted--app
backend_site() { app_unit 0.0.0.0:8000; }
site() { far_site; }
backend_damage() { systemctl stop shop-app; }

exit=3 status=inconclusive cause= recommended=
says='add that host to the inventory'
