#!/bin/sh
# ssh_hangs.sh: one host of ten hangs, in each phase of its connection: the nine have their diagnosis in time, the
# tenth is unreachable, and says in which phase.
. "$(dirname "$0")/common.sh"
. "$here/sshd.sh"
sshd_needs jq
sshd_start ''
echo "[127.0.0.1]:* $(cut -d' ' -f1,2 "$d/host_key.pub")" >"$d/known_hosts"
printf 'Host *\n    IdentityAgent none\n' >"$d/config"
export FETTLE_SSH_CONFIG="$d/config"
unset SSH_AUTH_SOCK
answer '502'

# lines FILE NUMBER: waits until it has so many.
lines() {
    tries=100
    until [ -e "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || { echo "nothing comes into $1" >&2; exit 1; }
        sleep 0.1
    done
}

# proxy NAME HOW LIMIT: sets $proxy, its port.  It ends when nobody holds the pipe any more: we until the next one, and
# who was started in the background meanwhile.
proxy() {
    mkfifo "$room/$1.keep"
    "$build/tests/cli/proxy_tool" "$room/$1.said" 127.0.0.1 "$port" "$2" down "$3" <"$room/$1.keep" &
    exec 4>"$room/$1.keep"
    lines "$room/$1.said" 1
    read -r proxy <"$room/$1.said"
}

# ten NAME: nine hosts, and one behind the proxy
ten() {
    echo 'hosts:'
    for i in 1 2 3 4 5 6 7 8 9 hangs; do
        at=$port
        [ "$i" != hangs ] || at=$proxy
        echo "  host-$i: {address: 127.0.0.1, port: $at, user: $(id -un), identity: $d/key, known_hosts: $d/known_hosts}"
    done
}
diagnose_ten() { # NAME
    ten >"$room/$1.yaml"
    code=0
    timeout 120 "$fettle" diagnose sick -p "folder=$room/svc" -i "$room/$1.yaml" -H '*' --json >"$room/$1.json" \
        2>"$room/$1.err" 4>&- || code=$?
    echo "$code" >"$room/$1.code"
}

# How many bytes come down from a host until its diagnosis is whole.
proxy whole cut -1
diagnose_ten whole
exec 4>&-
check 'ten that do not hang: exit 2' [ "$(cat "$room/whole.code")" = 2 ]
lines "$room/whole.said" 2
whole=$(sed -n '2s/ .*//p' "$room/whole.said")
echo "  a whole diagnosis has $whole bytes"
check 'a whole diagnosis has some thousand bytes' [ "$whole" -gt 3000 ]

# And how many until a login is refused: a little less is in the middle of one.
ssh-keygen -q -t ed25519 -N '' -f "$d/stranger"
proxy refused cut -1
ten refused | sed "s|$d/key|$d/stranger|" >"$room/refused.yaml"
expect 4 'a login with a key that nobody knows' "$fettle" hosts --check -i "$room/refused.yaml" -H host-hangs
exec 4>&-
lines "$room/refused.said" 2
refused=$(sed -n '2s/ .*//p' "$room/refused.said")

# hangs_at NAME HOW LIMIT WHY: beside the others, since each only waits; but not all at once, as the good ones do not
hangs_at() {
    names="$names $1"
    echo "$4" >"$room/$1.why"
    proxy "$1" "$2" "$3"
    diagnose_ten "$1" &
    waiting="$waiting $!"
}
names='' waiting=''
hangs_at tcp deaf 0 'no answer within 10 s'
hangs_at banner stall 0 'no answer to the SSH banner within 10 s'
hangs_at half-banner stall 10 'no SSH banner came within 10 s'
hangs_at key-exchange stall 60 'the key exchange did not end within 10 s'
for one in $waiting; do wait "$one"; done
waiting=''
hangs_at login stall $((refused - 10)) 'the login did not end within 30 s'
hangs_at channel stall $((refused + 200)) 'the host started no shell within 15 s'
hangs_at shell stall $((whole * 7 / 10)) 'it answers no more'
hangs_at answer stall $((whole * 9 / 10)) 'it answers no more'
# How many bytes a diagnosis has varies with how its answers fall into packets: by less than the last of them.
hangs_at last-answer stall $((whole - 150)) 'it answers no more'
for one in $waiting; do wait "$one"; done
for name in $names; do
    out=$room/$name.json
    check "$name: exit 4, not $(cat "$room/$name.code")" [ "$(cat "$room/$name.code")" = 4 ]
    check "$name: the nine have their cause" \
        [ "$(jq '[.hosts[] | select(.status == "cause-found" and .causes[0].playbook == "bad-answer")] | length' "$out")" = 9 ]
    check "$name: the tenth is unreachable, with the reason" \
        [ "$(jq -r --rawfile why "$room/$name.why" '[.hosts[] | select(.host == "host-hangs" and .status == "unreachable" and
            (.error | test($why | rtrimstr("\n"))))] | length' "$out")" = 1 ]
    echo "  $name: $(jq -r '.hosts[] | select(.host == "host-hangs").error' "$out")"
done
finish
