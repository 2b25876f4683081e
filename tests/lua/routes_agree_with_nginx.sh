#!/bin/sh
# A real nginx sends hundreds of requests to the same server and location as our router says.
# Needs nginx, curl and lua5.4, and the ports 18090 and 18091 on loopback.
set -u
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
for tool in nginx curl lua5.4; do
    command -v "$tool" >/dev/null || { echo "FAILED: $tool is not installed"; exit 1; }
done
tmp=$(mktemp -d) || exit 1
stop() {
    [ -s "$tmp/p" ] && kill "$(cat "$tmp/p")"
    rm -rf "$tmp"
}
trap stop EXIT
trap 'exit 1' INT TERM
mkdir "$tmp/logs"
# The packaged nginx keeps what it buffers in /var/lib/nginx, which is not ours, and only root's.
own="&"
for kind in client_body proxy fastcgi uwsgi scgi; do
    own="$own ${kind}_temp_path $tmp/$kind;"
done
sed "s#TMP#$tmp#g; s#^http {#$own#" "$here/fixtures/routing.conf.in" >"$tmp/nginx.conf"
nginx -p "$tmp" -c "$tmp/nginx.conf" || { echo "FAILED: nginx does not start"; exit 1; }
lua5.4 "$here/routes_for_nginx.lua" "$tmp/nginx.conf"
