#!/bin/sh
# A real nginx accepts every edited configuration, and its grammar agrees with ours on odd words.
# Needs nginx and lua5.4; runs as root or not, in a temporary folder that is removed at the end.
set -u
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
for tool in nginx lua5.4; do
    command -v "$tool" >/dev/null || { echo "FAILED: $tool is not installed"; exit 1; }
done
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT INT TERM
mkdir "$tmp/logs"
lua5.4 "$here/edits_for_nginx.lua" "$tmp" || { echo "FAILED: the edits could not be made"; exit 1; }

# The packaged nginx keeps what it buffers in /var/lib/nginx, which is not ours, and only root's.
own="&"
for kind in client_body proxy fastcgi uwsgi scgi; do
    own="$own ${kind}_temp_path $tmp/$kind;"
done

passed=0 failed=0
for file in "$tmp"/ok-*.conf "$tmp"/bad-*.conf; do
    case $file in */ok-*) want=0 ;; *) want=1 ;; esac
    sed -i "s#\<http {#$own#" "$file"
    nginx -t -q -p "$tmp" -c "$file" >"$tmp/out" 2>&1
    got=$?
    if [ $got -eq $want ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED ${file##*/}: nginx -t exits with $got, not $want"
        cat "$tmp/out"
        head -c 3000 "$file"
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
