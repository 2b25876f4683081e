# sshd.sh: a real sshd on the loopback for the command line's tests.  Sourced after common.sh.

# sshd_needs PROGRAM…: ends the test as skipped where one, or what an sshd needs, is missing.
sshd_needs() {
    for needed in /usr/sbin/sshd ssh ssh-keygen "$@"; do
        command -v "$needed" >/dev/null 2>&1 || {
            echo "skipped: no $needed here"
            exit 77
        }
    done
}

# True once it listens; false where the port is another's.
sshd_listens() {
    printf '%s\n' "Port $port" 'ListenAddress 127.0.0.1' "HostKey $d/host_key" "PidFile $d/pid" \
        "AuthorizedKeysFile $d/authorized_keys" 'StrictModes no' 'UsePAM no' 'PermitRootLogin yes' 'MaxStartups 200' \
        'PasswordAuthentication no' "SetEnv HOME=$d PATH=$PATH" >"$d/sshd_config"
    : >"$d/log"
    /usr/sbin/sshd -D -f "$d/sshd_config" -E "$d/log" &
    sshd=$!
    until grep -q 'Server listening' "$d/log"; do
        kill -0 "$sshd" 2>/dev/null || return 1
        sleep 0.1
    done
}

# sshd_start PASSPHRASE: sets $port and $d, its folder, with `key`, which PASSPHRASE opens and which lets us in.
sshd_start() {
    d=$room/sshd
    mkdir -m 700 "$d" "$d/run"
    [ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
    ssh-keygen -q -t ed25519 -N '' -f "$d/host_key"
    ssh-keygen -q -t ed25519 -N "$1" -f "$d/key"
    cp "$d/key.pub" "$d/authorized_keys"
    port=$((20000 + $$ % 20000))
    until sshd_listens; do
        port=$((port + 1))
        [ "$port" -lt 41000 ] || exit 1
    done
    trap 'kill "$sshd"; clean_up' EXIT
}
