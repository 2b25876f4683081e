about="nginx was restarted with a configuration that it refuses; a reload would have kept the old one"
site() { php_site; }
damage() {
    sed -i 's|index index.php;|indx index.php;|' "$shop"
    systemctl restart nginx || :
}
broken=000

exit=3 status=inconclusive cause= recommended=
says='nginx does not run.*; nginx has crashed .exit-code.: .emerg. unknown directive .*indx.* in /etc/nginx/sites-enabled/shop:5'
