about='The page takes longer than anybody likes, and nginx waits for it: slow is not broken'
site() {
    app_site
    app_slow
}
damage() { echo 12 >/srv/shop/seconds; }
quiet=yes

exit=0 status=healthy cause= recommended=
