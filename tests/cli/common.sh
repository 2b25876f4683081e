# common.sh: what the command line's tests share.  Sourced with the executable as $1, and its build folder as $2
# where that is another one.
#
# The incident is data/playbooks/sick.yaml: the service is a folder, its answer a file's first line.
# So every path of the command line runs here without nginx, as any user.
set -u

fettle=$1
build=${2:-$(dirname "$fettle")}

# Root's transactions keep their lock and journals in /var/lib/fettle.  Where it can be, each test has
# a /var/lib of its own, so that they neither meet each other nor a real fettle.
if [ "$(id -u)" -eq 0 ] && [ -z "${FETTLE_TEST_INSIDE-}" ] &&
    unshare -m sh -c 'mount -t tmpfs none /var/lib' 2>/dev/null; then
    export FETTLE_TEST_INSIDE=1
    exec unshare -m sh -c 'mount -t tmpfs none /var/lib && exec sh "$@"' inside "$0" "$@"
fi

here=$(cd "$(dirname "$0")" && pwd)
room=$(mktemp -d /tmp/fettle-cli.XXXXXX) || exit 1
# A run's journal and originals stay on the host that it changed: here, and for root in /var/lib.
clean_up() {
    for run in "$room"/state/fettle/runs/*; do
        [ "$(id -u)" -ne 0 ] || [ ! -d "$run" ] || rm -rf "/var/lib/fettle/${run##*/}"
    done
    rm -rf "$room"
}
trap clean_up EXIT
mkdir -p "$room/data" "$room/svc" "$room/empty"
cp -r "$here/data/playbooks" "$room/data/"
ln -s "$here/../../lua" "$room/data/lua"
export HOME="$room" FETTLE_DATA="$room/data" XDG_STATE_HOME="$room/state" XDG_CONFIG_HOME="$room/config"
unset NO_COLOR
cd "$room/empty" || exit 1

count=0
faults=0

# FETTLE_TEST_OVER=ssh or openssh: "localhost" is a host behind a real sshd then, by that transport.
over_ssh() {
    # shellcheck source=tests/cli/sshd.sh
    . "$here/sshd.sh"
    sshd_needs
    sshd_start ''
    echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 "$d/host_key.pub")" >"$d/known_hosts"
    mkdir -p "$room/config/fettle/hosts"
    cat >"$room/config/fettle/hosts/here.yaml" <<HOSTS
hosts:
  localhost: {address: 127.0.0.1, port: $port, user: $(id -un), identity: $d/key, known_hosts: $d/known_hosts,
              transport: $FETTLE_TEST_OVER}
HOSTS
    export XDG_RUNTIME_DIR="$d/run"
    unset SSH_AUTH_SOCK
}
[ -z "${FETTLE_TEST_OVER-}" ] || over_ssh

# expect CODE WHAT COMMAND…: runs it, keeps its output in $room/out and $room/err.
expect() {
    wanted=$1 what=$2
    shift 2
    "$@" </dev/null >"$room/out" 2>"$room/err"
    got=$?
    check "$what: exit $wanted, not $got" [ "$got" -eq "$wanted" ]
    [ "$got" -eq "$wanted" ] || cat "$room/out" "$room/err" >&2
}

# check WHAT COMMAND…: the command must succeed.
check() {
    count=$((count + 1))
    what_is_checked=$1
    shift
    "$@" && return
    faults=$((faults + 1))
    echo "failed: $what_is_checked" >&2
}

said() { grep -qF -- "$1" "$room/out"; }
warned() { grep -qF -- "$1" "$room/err"; }
warned_or_said() { warned "$1" || said "$1"; }
silent() { [ ! -s "$room/$1" ]; }
answer() { printf '%s\nsecond line\n' "$1" >"$room/svc/answer"; }
sick() { command=$1; shift; "$fettle" "$command" sick -p "folder=$room/svc" "$@"; }
diff_of() { sed -n '/^--- a/,/^$/p' "$1" | tr -d '\r'; }

# at_terminal INPUT COMMAND-LINE: runs it at a pseudo-terminal and types INPUT.
at_terminal() {
    printf "$1" >"$room/typed"
    # The keys wait for the question: typed ahead, Ctrl-C would come before there is one to leave.
    { while ! grep -q '\[y/N\|Which one' "$room/screen" 2>/dev/null && [ ! -e "$room/over" ]; do
          sleep 0.1
      done
      while IFS= read -r key || [ -n "$key" ]; do
          printf '%s\n' "$key"
          sleep 0.3
      done <"$room/typed"
      while [ ! -e "$room/over" ]; do sleep 0.1; done; } |
        { script -qefc "$2" "$room/screen" >/dev/null 2>&1
          echo $? >"$room/code"
          : >"$room/over"; }
    rm -f "$room/over"
    tr -d '\r' <"$room/screen" >"$room/out"
    rm -f "$room/screen"
    return "$(cat "$room/code")"
}

# expect_at_terminal CODE WHAT INPUT COMMAND-LINE
expect_at_terminal() {
    at_terminal "$3" "$4"
    got=$?
    check "$2: exit $1, not $got" [ "$got" -eq "$1" ]
    [ "$got" -eq "$1" ] || cat "$room/out" >&2
}

finish() {
    if [ "$faults" -ne 0 ]; then
        echo "$faults of $count checks failed" >&2
        exit 1
    fi
    echo "$count checks"
}
