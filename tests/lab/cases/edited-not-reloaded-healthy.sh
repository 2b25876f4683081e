about='Somebody has edited the port in the file and not reloaded yet: what runs is well, and the file is not asked'
site() { app_site; }
damage() { sed -i 's|127.0.0.1:8000|127.0.0.1:8010|' "$shop"; }
broken=200

exit=0 status=healthy cause= recommended=
