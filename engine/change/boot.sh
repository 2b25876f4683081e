# boot.sh: what the engine runs on a host as `sh -c BOOT`: takes the payload on standard input,
# starts the transaction apart from the connection, and tells how it goes.
#
# Standard input:  fettle-txn 1 RUN MODE\n      MODE: apply prove confirm revert undo recover follow status
#                                               RUN `-`: recover whatever run was left unfinished
#                  from N\n                     (optional, follow only) the journal's line to begin with
#                  NAME SIZE\n + SIZE bytes     (apply, prove) txn, prove, manifest, new.1, new.2 ...
#                  end 0\n
# Standard output: journal lines (see txn.sh), complete lines only; for prove what prove.sh prints;
#                  for status `base DIR`, `lock free` or `lock RUN PID START BOOT SINCE OWNER`, and
#                  `run RUN LAST-JOURNAL-LINE` for each run.
# Exit status:     0 the line waited for was printed; 3 the transaction died without its `end` line
#                  (ask for recover); 64 a payload that is not understood; 73 the base folder or the
#                  run's folder is not to be used; the reason is on standard error.
# Follows up to:   apply, follow: `waiting` or `end`; the others: `end`.

LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
umask 077

# The receiving half is a string, since prove needs it in a second shell, inside the namespace.
# shellcheck disable=SC2016  # expanded by eval and by that shell, not here
receiver='
die() { printf "fettle: %s\n" "$2" >&2; exit "$1"; }

# A head that reads ahead (busybox) would swallow the start of the next file.
exact_head() { [ "$(printf ab | { head -c 1 >/dev/null 2>&1; head -c 1 2>/dev/null; })" = b ]; }
exact_dd() {
    [ "$( { printf a; sleep 0.1 2>/dev/null; printf bc; } |
        { dd bs=2 count=1 iflag=fullblock >/dev/null 2>&1; dd bs=1 count=1 2>/dev/null; })" = c ]
}

take() {
    [ "$1" -gt 0 ] || return 0
    case $taker in
    head) head -c "$1" ;;
    dd) dd bs="$1" count=1 iflag=fullblock 2>/dev/null ;;
    *) dd bs=1 count="$1" 2>/dev/null ;;
    esac
}

receive() { # FOLDER
    if exact_head; then taker=head; elif exact_dd; then taker=dd; else taker=bytes; fi
    while :; do
        IFS=" " read -r name size || die 64 "the payload ended early"
        [ "$name $size" != "end 0" ] || return 0
        case $name in
        txn | prove | manifest) ;;
        new.*) case ${name#new.} in "" | *[!0-9]*) die 64 "unexpected file in the payload" ;; esac ;;
        *) die 64 "unexpected file in the payload" ;;
        esac
        case $size in "" | *[!0-9]* | ??????????*) die 64 "bad size in the payload" ;; esac
        [ ! -e "$1/$name" ] || die 64 "file sent twice"
        take "$size" >"$1/$name" || die 73 "cannot write $1/$name"
        [ "$(($(wc -c <"$1/$name")))" -eq "$size" ] || die 73 "$1/$name is cut: payload ended or disk full"
    done
}
'
eval "$receiver"

# Inside the namespace: a tmpfs over a folder with no other mount at or below it, so that the
# payload never reaches the disk, then the prove script takes over.
# shellcheck disable=SC2016
prover='
mount --make-rprivate / 2>/dev/null || mount -o rprivate none / 2>/dev/null ||
    { echo "unavailable cannot make the mounts private"; exit 0; }
for stage in /mnt /media /srv /opt /home /var/tmp /tmp /boot; do
    [ -d "$stage" ] && [ ! -L "$stage" ] || continue
    free=yes
    while read -r _ _ _ _ point _; do
        case $point/ in "$stage"/*) free= ;; esac
    done </proc/self/mountinfo
    [ -z "$free" ] || break
done
[ -n "$free" ] && mount -t tmpfs -o size=192m,mode=755 tmpfs "$stage" 2>/dev/null ||
    { echo "unavailable no tmpfs can be mounted"; exit 0; }
mkdir "$stage/payload" && receive "$stage/payload"
exec sh "$stage/payload/prove" "$stage/payload" "$stage"
'

enter_namespace() {
    user=
    [ "$(id -u)" -eq 0 ] || user='--user --map-root-user'
    for flags in '--mount --pid --fork --kill-child' '--mount --pid --fork' '--mount'; do
        # shellcheck disable=SC2086  # words on purpose
        if unshare $user $flags true </dev/null >/dev/null 2>&1; then
            FETTLE_UID=$(id -u) FETTLE_GID=$(id -g)
            export FETTLE_UID FETTLE_GID
            # shellcheck disable=SC2086
            exec unshare $user $flags sh -c "$receiver$prover"
        fi
    done
    echo "unavailable unshare cannot make a mount namespace here"
}

# The base folder holds originals and is executed from: nobody else may own or write it.
open_base() {
    if [ "$(id -u)" -eq 0 ]; then
        base=/var/lib/fettle
    else
        base=${XDG_STATE_HOME:-${HOME:?}/.local/state}/fettle/target
    fi
    case $base in /*) ;; *) die 73 "the state folder is not an absolute path" ;; esac
    [ -e "$base" ] || [ -L "$base" ] || mkdir -p "$base" || die 73 "cannot make $base"
    if [ -L "$base" ] || [ ! -d "$base" ]; then die 73 "$base is not a folder, or a symlink"; fi
    fields=$(stat -c '%u %a' "$base") || die 73 "cannot look at $base"
    [ "${fields% *}" = "$(id -u)" ] || die 73 "$base belongs to somebody else"
    case ${fields#* } in
    *[2367]? | *[2367]) die 73 "$base can be written by others" ;;
    esac
}

# Apart from the connection: its own session, no descriptor of ours.
detach() { # COMMAND...
    if command -v setsid >/dev/null 2>&1; then
        setsid "$@" </dev/null >/dev/null 2>&1 &
    else
        (trap '' HUP; exec "$@") </dev/null >/dev/null 2>&1 &
    fi
    started=$!
}

nap() { sleep 0.1 2>/dev/null || sleep 1; }

alive() { # PID, and not a zombie that waits for us to take notice of it
    kill -0 "$1" 2>/dev/null || return 1
    state=
    { IFS= read -r state <"/proc/$1/stat"; } 2>/dev/null
    case ${state##*) } in Z* | X*) return 1 ;; esac
    return 0
}

running() { # is there somebody who will still write?
    run_pid=$started
    [ -n "$run_pid" ] || { read -r run_pid <"$dir/pid"; } 2>/dev/null
    [ -n "$run_pid" ] && alive "$run_pid"
}

# The lock is let go of after the `end` line: who is told of the end may start the next run at once.
await_exit() {
    patience=30
    while [ "$patience" -gt 0 ] && running; do
        nap
        patience=$((patience - 1))
    done
}

# Prints FILE from line FIRST on until a line whose word is one of WORDS (blank before and after).
follow() { # FILE FIRST WORDS
    until [ -e "$1" ]; do
        running || [ -e "$1" ] || die 3 "the transaction did not start"
        nap
    done
    number=0 part='' last_look=
    exec 3<"$1"
    while :; do
        if IFS= read -r line <&3; then
            line=$part$line part='' number=$((number + 1)) last_look=
            [ "$number" -ge "$2" ] || continue
            printf '%s\n' "$line"
            word=${line#* * }
            case $3 in *" ${word%% *} "*) [ "${word%% *}" != end ] || await_exit; return 0 ;; esac
        else
            part=$part$line
            # Once more after it was seen dead: its last words may just have been written.
            [ -z "$last_look" ] || die 3 "the transaction died without an end; recover it"
            running || last_look=yes
            nap
        fi
    done
}

# The line that follows the last `waiting`, or nothing.
after_waiting() {
    at=0 found=
    while read -r _ _ word _; do
        at=$((at + 1))
        [ "$word" != waiting ] || found=$((at + 1))
    done <"$dir/journal"
    printf '%s' "$found"
}

answer() { # confirm|revert
    if [ "$1" = confirm ]; then
        first=$(after_waiting)
        [ -n "$first" ] || die 64 "run $run is not waiting"
    else
        first=$(after_waiting)
        first=${first:-1}
    fi
    : >"$dir/$1" || die 73 "cannot write $dir/$1"
    follow "$dir/journal" "$first" ' end '
}

# undo and recover may find the run itself still alive, so what they say has a file of its own.
call_back() { # undo|recover
    detach sh "$dir/txn" "$1" $$
    trap 'rm -f "$dir/told.$$"' EXIT
    follow "$dir/told.$$" 1 ' end '
}

# The newest run that is marked as unfinished, else the one that holds the lock; nothing: all is well.
# The others are recovered by its transaction, before itself.
unfinished() {
    run=''
    for mark in "$base"/unfinished/*; do
        [ -f "$mark" ] || continue
        if [ -f "$base/${mark##*/}/journal" ]; then run=${mark##*/}; else rm -f "$mark"; fi
    done
    [ -n "$run" ] || for lock in "$base"/lock/*; do
        [ ! -f "$lock" ] || { read -r run _ <"$lock" && [ "$run" != free ]; } || run=''
    done
    [ -f "$base/$run/journal" ] || run=''
    printf '%s' "$run"
}

status() {
    printf 'base %s\n' "$base"
    newest=''
    for lock in "$base"/lock/*; do
        [ ! -f "$lock" ] || newest=$lock
    done
    owner=free
    [ -z "$newest" ] || IFS= read -r owner <"$newest" || owner=free
    printf 'lock %s\n' "$owner"
    for journal in "$base"/*/journal; do
        [ -f "$journal" ] || continue
        dir=${journal%/journal} last=''
        last=$(tail -n 1 "$journal")
        printf 'run %s %s\n' "${dir##*/}" "$last"
    done
}

apply() {
    mkdir "$dir" 2>/dev/null || die 73 "run $run exists, or its folder cannot be made"
    receive "$dir"
    if [ ! -f "$dir/txn" ] || [ ! -f "$dir/manifest" ]; then die 64 "the payload lacks txn or manifest"; fi
    detach sh "$dir/txn" apply
    follow "$dir/journal" 1 ' waiting end '
}

main() {
    started=''
    IFS=' ' read -r magic version run mode || die 64 "no payload"
    [ "$magic $version" = "fettle-txn 1" ] || die 64 "not a payload of version 1"
    case $run.$mode in
    -.recover) ;;
    -* | lock.* | unfinished.* | budget.* | *[!A-Za-z0-9-]*.*) die 64 "not a run's name" ;;
    esac
    [ "${#run}" -le 100 ] || die 64 "not a run's name"
    case $mode in
    prove) enter_namespace; return ;;
    apply | confirm | revert | undo | recover | follow | status) ;;
    *) die 64 "unknown mode" ;;
    esac
    open_base
    if [ "$run" = - ]; then
        run=$(unfinished)
        [ -n "$run" ] || { printf '0 %s end nothing-to-recover\n' "$(date +%s)"; return; }
    fi
    dir=$base/$run
    case $mode in
    apply) apply; return ;;
    status) status; return ;;
    esac
    [ -f "$dir/journal" ] || die 73 "no such run here: $run"
    from=1
    while IFS=' ' read -r word number; do
        case $word in
        from) case $number in '' | *[!0-9]*) die 64 "bad line number" ;; esac; from=$number ;;
        *) break ;;
        esac
    done
    case $mode in
    follow) follow "$dir/journal" "$from" ' waiting end ' ;;
    confirm | revert) answer "$mode" ;;
    *) call_back "$mode" ;;
    esac
}

main
