#!/bin/sh
# ssh.sh: hosts over a real sshd, with a person at the terminal who is asked for the host's key and a passphrase: by an
# alias of the ssh configuration over libssh2, by an inventory's entry over the system's ssh.
. "$(dirname "$0")/common.sh"
. "$here/sshd.sh"
sshd_needs script
sshd_start 'words of its own'

cat >"$d/config" <<CONFIG
Host box
    HostName 127.0.0.1
    Port $port
    User $(id -un)
    IdentityFile $d/key
    IdentityAgent none
    UserKnownHostsFile $d/known_hosts
CONFIG
cat >"$room/hosts.yaml" <<HOSTS
hosts:
  other: {address: 127.0.0.1, port: $port, user: $(id -un), identity: $d/key, known_hosts: $d/known_hosts,
          transport: openssh}
HOSTS
export FETTLE_SSH_CONFIG="$d/config" XDG_RUNTIME_DIR="$d/run"
unset SSH_AUTH_SOCK SSH_ASKPASS DISPLAY

# converse CODE WHAT COMMAND-LINE QUESTION ANSWER…: each answer is typed once its question is on the screen.
converse() {
    wanted=$1 what=$2 line=$3
    shift 3
    rm -f "$room/keys"
    mkfifo "$room/keys"
    : >"$room/screen"
    script -qefc "$line" "$room/screen" <"$room/keys" >/dev/null 2>&1 &
    script=$!
    exec 3>"$room/keys"
    while [ $# -gt 0 ]; do
        until grep -qF -- "$1" "$room/screen" || ! kill -0 "$script" 2>/dev/null; do sleep 0.1; done
        # shellcheck disable=SC2059 # \003 is Ctrl-C
        printf "$2" >&3
        shift 2
    done
    wait "$script"
    got=$?
    exec 3>&-
    tr -d '\r' <"$room/screen" >"$room/out"
    check "$what: exit $wanted, not $got" [ "$got" -eq "$wanted" ]
    [ "$got" -eq "$wanted" ] || cat "$room/out" >&2
}
shows_no_secret() { ! grep -q 'words of its own\|wrong words' "$room/out"; }

for host in box other; do
    command="$fettle hosts --check -i $room/hosts.yaml -H $host"
    rm -f "$d/known_hosts"
    converse 4 "$host: a key that is not accepted" "$command" '[yes/no]' 'no\n'
    check 'its fingerprint was shown' said 'SHA256:'
    check 'it is not kept' [ ! -s "$d/known_hosts" ]
    converse 0 "$host: a key that is, and a passphrase" "$command" \
        '[yes/no]' 'yes\n' 'assphrase for key' 'wrong words\n' 'That was not it.' 'words of its own\n'
    check 'it is kept' [ -s "$d/known_hosts" ]
    check 'the host is reached' said 'reached as'
    check 'no passphrase is on the screen' shows_no_secret
    converse 130 "$host: Ctrl-C at a question" \
        "$command; code=\$?; stty -a | grep -q ' echo ' && echo the echo is on; exit \$code" 'assphrase for key' '\003'
    check 'gives the terminal its echo back' said 'the echo is on'
    expect 4 "$host: without a terminal" "$fettle" hosts --check -i "$room/hosts.yaml" -H "$host"
    check 'it says that nobody can be asked' said 'there is no terminal to ask'
done
answer '502'
converse 2 'a diagnosis of an alias, without an inventory' \
    "$fettle diagnose sick -p folder=$room/svc -H box --no-color" 'assphrase for key' 'words of its own\n'
check 'finds the cause over there' said 'box'
check 'nothing of ssh is left' [ -z "$(ls "$d/run")" ]
finish
