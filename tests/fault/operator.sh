# operator.sh: what is done to the operator's side, with the program itself; sourced by `run`.
#
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2010,SC2015 # the runner's and the world's words; SC2010: names of our own

# The program as a person has it, with the fault tests' own incident.
operator_make() {
    mkdir -p "$room/home" "$room/data"
    cp -r "$here/data/playbooks" "$room/data/"
    ln -sfn "$repo/lua" "$room/data/lua"
    export HOME=$room/home XDG_STATE_HOME=$room/state XDG_CONFIG_HOME=$room/config FETTLE_DATA=$room/data
    cd "$room/home" || exit 1
    # An hour is all that a plan is good for; the host is the same again for each run.
    world_reset
    "$fettle" plan moved -o "$room/plan.json" "$@" >"$room/mended" 2>&1 ||
        [ $? -eq 2 ] || { cat "$room/mended" >&2; exit 1; }
}

newest_run() { R=$(ls "$BASE" | grep '^2' | sort | tail -n 1); }

# Until the run has its end by itself; nothing was begun: at once.
await_end() {
    local tries=400
    newest_run
    until [ -z "$R" ] || ! busy || [ "$tries" -le 0 ]; do
        sleep 0.05
        tries=$((tries - 1))
    done
}

fettle_applies() { # CONFIRM-TIMEOUT …
    local patience=$1
    shift
    "$fettle" apply "$room/plan.json" --approve-recommended --confirm-timeout "$patience" "$@" >"$room/mended" 2>&1
}

some_time() { # LONGEST-IN-MS
    sleep "$(awk -v n="$(od -An -N2 -tu2 /dev/urandom)" -v most="$1" 'BEGIN { printf "%.3f", n / 65536 * most / 1000 }')"
}

# The program, the transaction's shell, or both, at any time.
randomly_killed() {
    local i pid began many=200
    [ -z "$short" ] || many=8
    operator_make
    began=$(date +%s%N)
    fettle_applies 120
    lasts=$((($(date +%s%N) - began) / 1000000))
    await_end
    judge 'a good run' after
    for ((i = lane; i <= many; i += lanes)); do
        world_reset
        fettle_applies 8 &
        pid=$!
        some_time $((lasts + lasts / 5))
        newest_run
        if ((i % 3 != 1)); then kill -KILL "$(pgrep -P "$pid" || echo "$pid")" "$pid" 2>/dev/null; fi
        if ((i % 3 != 0)) && [ -n "$R" ]; then kill -KILL "$(cat "$BASE/$R/pid" 2>/dev/null)" 2>/dev/null; fi
        wait "$pid" 2>/dev/null
        await_end
        [ -z "$R" ] || ((i % 3 == 0)) || mend
        judge "killed at random ($((i % 3)))"
    done
}

ssh_make() {
    ssh-keygen -q -t ed25519 -N '' -f "$room/host_key" && ssh-keygen -q -t ed25519 -N '' -f "$room/key"
    mkdir -p /run/sshd
    cat >"$room/sshd.conf" <<CONF
Port 2222
ListenAddress 127.0.0.1
HostKey $room/host_key
AuthorizedKeysFile $room/key.pub
StrictModes no
PermitRootLogin yes
UsePAM no
PidFile none
SetEnv PATH=$PATH
CONF
    /usr/sbin/sshd -f "$room/sshd.conf" -E "$room/sshd.log" || exit 1
    echo "[127.0.0.1]:2200 $(cut -d' ' -f1,2 "$room/host_key.pub")" >"$room/known_hosts"
    cat >"$room/hosts.yaml" <<YAML
hosts:
  shop: {address: 127.0.0.1, port: 2200, user: root, identity: $room/key, known_hosts: $room/known_hosts, transport: ssh}
YAML
}

cut_start() { # N
    "$cut" 2200 2222 "$1" "$room/count" &
    cutter=$!
    local tries=100
    until (exec 3<>/dev/tcp/127.0.0.1/2200) 2>/dev/null || [ "$tries" -le 0 ]; do
        sleep 0.05
        tries=$((tries - 1))
    done
}
cut_stop() {
    kill "$cutter"
    wait "$cutter" 2>/dev/null
}

cut_apply() { # PLACE
    local code
    world_reset
    cut_start "$1"
    fettle_applies 20 -i "$room/hosts.yaml"
    code=$?
    cut_stop
    await_end
    case $code in
    0) judge "cut at message $1, exit $code" after ;;
    4) judge "cut at message $1, exit $code" ;;
    *) judge "cut at message $1, exit $code" before ;;
    esac
}

connection_cut() {
    command -v ssh-keygen >/dev/null && [ -x /usr/sbin/sshd ] || { echo "fault: no sshd: no connection is cut" >&2; return; }
    ssh_make
    cut_start 0
    operator_make -i "$room/hosts.yaml" -H shop
    cut_stop
    world_reset
    cut_start 0
    fettle_applies 120 -i "$room/hosts.yaml"
    cut_stop
    await_end
    judge 'a good run over SSH' after
    messages=$(od -An -tu8 -N8 "$room/count" | tr -d ' ')
    each_place "$messages" cut_apply
}
