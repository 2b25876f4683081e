#!/bin/sh
# install.sh: what is installed finds its playbooks from any folder, and tells nothing of the build.
. "$(dirname "$0")/common.sh"
unset FETTLE_DATA

expect 0 'install' cmake --install "$build" --prefix "$room/usr"
mv "$room/usr" "$room/moved"
expect 0 'the playbooks are found' "$room/moved/bin/fettle" list
check 'the incident is there' said 'nginx-502'
expect 0 'all of them are well' "$room/moved/bin/fettle" lint "$room/moved/share/fettle/playbooks"
echo 'nonsense' >"$room/log"
expect 0 'the Lua library is found' "$room/moved/bin/fettle" parse nginx-error "$room/log"
ln -s "$room/moved/bin/fettle" "$room/link"
expect 0 'also through a symlink' "$room/link" list
source=$(cd "$here/../.." && pwd)
# The address sanitizer writes each global's source file down.
grep -qa __asan_init "$room/moved/bin/fettle" ||
    check 'no path of the build is in it' [ "$(grep -acF "$source/engine" "$room/moved/bin/fettle")" -eq 0 ]
cp "$room/moved/bin/fettle" "$room/alone"
expect 1 'alone it says what is missing' "$room/alone" list
check 'and what to do' warned 'FETTLE_DATA'
finish
