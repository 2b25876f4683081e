# txn.sh: one change to one host as a transaction, whole or not at all, on its own there.
#
# Called as    sh BASE/RUN/txn apply              all phases, up to `end`
#              sh BASE/RUN/txn undo [TOKEN]       later: put back what a confirmed run changed
#              sh BASE/RUN/txn recover [TOKEN]    finish putting back what a crash left, there or in any run
# with the manifest and new.N beside it. With TOKEN the lines that it journals are also written to
# BASE/RUN/told.TOKEN; undo and recover without one (by hand) print them.
#
# Manifest, one directive a line, words percent-encoded outside [A-Za-z0-9_./:=@+,-]:
#   run RUN | fix ID | owner TEXT | confirm-timeout S | validate-timeout S
#   edit N PATH SHA256_BEFORE UID GID MODE LINK     N counts from 1; LINK is `-` where PATH itself is no
#                                                   symlink, else what readlink or readlink -f says
#   create N PATH UID GID MODE FOLDER               an edit too: a file that is not there; FOLDER is `-`, or the
#                                                   folder that it is in, which is not there either
#   expect-absent PATH
#   unit UNIT STARTED RESTARTS                      ActiveEnterTimestampMonotonic and NRestarts of it
#   validate ARGC ARG...
#   command N TIMEOUT ARGC ARG... UNDO_ARGC ARG...
#   reactivate ARGC ARG...
# Anything else is refused.
#
# Journal: BASE/RUN/journal, lines `SEQ EPOCH WORD ARGS...`, SEQ is the line number, each written and
# synced before the action that it names:
#   start RUN PID BOOT            note TEXT               lock                   check
#   recovered RUN END...          (another run that was left unfinished; in that one: recovered BY)
#   shadow ok|failed EXIT OUTPUT|unavailable REASON       backup N PATH
#   write N PATH SHA_NEW          validate N ARG...       validated N EXIT [OUTPUT]
#   was N UNIT STATE              (of a unit that command N is for, before anything is touched)
#   command N ARG...              commanded N EXIT [OUTPUT]   waiting DEADLINE_EPOCH
#   put-back REASON...            undo
#   undo-command N ARG...         undone-command N EXIT   restore N PATH         conflict PATH
#   reactivate N ARG...           reactivated N EXIT      changed PATH OLD NEW CURRENT
#   start-again N UNIT            started-again N EXIT    (a unit that ran before and does not now)
# and last `end` with one of
#   confirmed | rolled-back REASON... | put-back-failed WHAT... | undone | already-undone
#   refused-manifest LINE | refused-locked OWNER-LINE... | refused-unrecovered RUN WHAT... | refused-nothing-to-undo
#   refused-drift PATH WHAT | refused-hardlink PATH COUNT | refused-space FOLDER NEED_KIB HAVE_KIB
#   refused-inodes FOLDER NEED HAVE    refused-budget FIX TIMES {EPOCH RUN OWNER}...
#   refused-folder PATH FOLDER (others than us and root can write FOLDER, on the way to PATH)
#   refused-invalid EXIT OUTPUT | refused-interrupted | refused-changed PATH | refused-journal | refused-tools TOOL
# REASON: validate N EXIT | command N EXIT | drift PATH WHAT | write N PATH | backup N PATH | journal |
#         unconfirmed | reverted | interrupted | crashed.      EXIT 124: out of time.
#
# Lock: the newest file in BASE/lock/ is the lock: `free`, or `RUN PID START BOOT SINCE OWNER`. It is
# taken by linking the next number, which only one can do, and a dead owner is simply outnumbered; the
# newest file is never removed, so one who looked at an old state finds a newer file and steps back.
#
# Marks: BASE/unfinished/RUN, the lock's line, is there from the first write on until the run has ended
# whole. The next run of any kind puts back what a mark tells of, or refuses; a diagnosis reads it.
#
# Budget: BASE/budget, a line `EPOCH UPTIME BOOT RUN FIX OWNER` for each fix that was made, written just
# before the first command (or before the wait, where there is none), however the run then ends. A fix
# that was made BUDGET times within the last hour is refused. Uptimes decide within one boot, so that the
# clock may jump; what is of an earlier boot is at least as old as this one.

LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
umask 077
cd / || exit 70

NL='
'
OUTPUT_LIMIT=65536
EXCERPT_LIMIT=2048
BUDGET=3
HOUR=3600

# ---- words -------------------------------------------------------------------------------------

# Sets $decoded. Our own encoder leaves no backslash or other percent sign, so printf may read it.
decode() { # WORD
    rest=$1 format=''
    while :; do
        case $rest in
        *%*)
            format=$format${rest%%\%*} rest=${rest#*%}
            tail=${rest#??} hex=${rest%"$tail"} rest=$tail
            byte=$((0x$hex))
            format=$format\\$((byte / 64))$((byte / 8 % 8))$((byte % 8))
            ;;
        *) break ;;
        esac
    done
    # shellcheck disable=SC2059  # the point
    decoded=$(printf -- "$format$rest.")
    decoded=${decoded%.}
}

well_formed() { # WORD: only safe bytes and %XX with XX not 00
    word=$1
    case $word in '' | *[!A-Za-z0-9_./:=@+,%-]*) return 1 ;; esac
    while :; do
        case $word in
        *%*) word=${word#*%} ;;
        *) return 0 ;;
        esac
        case $word in
        00*) return 1 ;;
        [0-9A-Fa-f][0-9A-Fa-f]*) ;;
        *) return 1 ;;
        esac
    done
}

encode() { # standard input to one word on standard output
    format=''
    for hex in $(od -An -v -tx1 | tr a-f A-F); do
        byte=$((0x$hex))
        case $hex in
        3[0-9A] | 3D | 4[0-9A-F] | 5[0-9A] | 5F | 6[1-9A-F] | 7[0-9A] | 2[B-F])
            format=$format\\$((byte / 64))$((byte / 8 % 8))$((byte % 8))
            ;;
        *) format=$format%%$hex ;;
        esac
    done
    # shellcheck disable=SC2059
    printf -- "${format:-%%20}"
}

is_number() { case $1 in '' | *[!0-9]* | ??????????*) return 1 ;; esac; }

# ---- the journal -------------------------------------------------------------------------------

sync_path() { sync "$1" 2>/dev/null || sync; }

now() { date +%s; }

journal_open() {
    sequence=0
    [ -e "$dir/journal" ] || { : >"$dir/journal"; } 2>/dev/null || return 1
    # A crash may have torn the last line; what follows must not be glued to it.
    [ -z "$(tail -c 1 "$dir/journal")" ] || echo >>"$dir/journal"
    while read -r _; do sequence=$((sequence + 1)); done <"$dir/journal"
}

tell() {
    case $told in
    '') ;;
    -) printf '%s\n' "$1" ;;
    *) printf '%s\n' "$1" >>"$told" ;;
    esac 2>/dev/null
}

journal() { # WORD ARGS... (already encoded)
    line="$((sequence + 1)) $(now) $*"
    tell "$line"
    # On a full disk the room kept in reserve is what lets the way back be written down.
    { printf '%s\n' "$line" >>"$dir/journal"; } 2>/dev/null || {
        rm -f "$dir/reserve"
        { printf '\n%s\n' "$line" >>"$dir/journal"; } 2>/dev/null || return 1
        sequence=$((sequence + 1))
        sequence_torn=yes
    }
    sequence=$((sequence + 1))
    sync_path "$dir/journal" || return 1
    # The disk is full: this line is safe, but nothing new may be begun.
    [ -z "$sequence_torn" ] || { sequence_torn='' && return 1; }
}

# Reads the journal into: state (none, open, or the last deciding end), rebooted, and the lists of
# numbers written, restored, commands (newest first), uncommanded, and of commands whose unit was_active.
journal_read() {
    state=none undoing='' rebooted='' written=' ' restored=' ' commands=' ' uncommanded=' ' was_active=' '
    while read -r _ _ word first second third _; do
        case $word in
        start) [ "${third:--}" = - ] || [ "$third" = "$this_boot" ] || rebooted=yes ;;
        was) case $third in active | reloading) was_active="$was_active$first " ;; esac ;;
        write) written="$written$first " state=open ;;
        command) commands=" $first${commands}" state=open ;;
        undo) state=open undoing=yes ;;
        restore) restored="$restored$first " ;;
        undone-command) [ "$second" != 0 ] || uncommanded="$uncommanded$first " ;;
        end)
            case $first in
            confirmed | rolled-back | undone | put-back-failed) state=$first undoing='' ;;
            esac
            ;;
        esac
    done <"$dir/journal"
}

has() { case $1 in *" $2 "*) return 0 ;; esac; return 1; }

finish() { # END-WORD ARGS...
    # An end that cannot be written down is none: the mark stays for the next run.
    journal end "$@" || set -- "$1" unwritten
    rm -f "$dir/reserve" "$dir/pid"
    # What a crash left open stays marked, unless it was found that nothing had been written.
    case $1.$2 in
    *.unwritten | put-back-failed.*) ;;
    refused-nothing-to-undo.*) unmark ;;
    refused-*) ;;
    *) unmark ;;
    esac
    unlock
    case $1 in
    confirmed | undone | already-undone) exit 0 ;;
    put-back-failed) exit 8 ;;
    rolled-back) [ "$verb" = recover ] && exit 0; exit 6 ;;
    esac
    exit 5
}

mark() {
    mkdir -p "$base/unfinished" && printf '%s\n' "$lock_line" >"$base/unfinished/$run" &&
        sync_path "$base/unfinished/$run" && sync_path "$base/unfinished"
} 2>/dev/null

unmark() { rm -f "$base/unfinished/$run"; }

# ---- the manifest ------------------------------------------------------------------------------

# Checks every line and counts; the lines themselves are read again where they are used.
load_manifest() {
    edits=0 actions=0 validates=0 confirm_timeout=120 validate_timeout=30 owner=- line_number=0
    manifest_run=''
    set -f
    while IFS= read -r line || [ -n "$line" ]; do
        line_number=$((line_number + 1))
        # shellcheck disable=SC2086  # split into words, no globbing: set -f
        set -- $line
        # One blank between words and no other: each() compares whole prefixes.
        if [ "$line" != "$*" ] || ! manifest_line "$@"; then set +f; return 1; fi
    done <"$dir/manifest"
    set +f
    [ "$manifest_run" = "$run" ]
}

manifest_line() {
    [ "$#" -gt 0 ] || return 1
    for word; do well_formed "$word" || return 1; done
    directive=$1
    shift
    case $directive in
    run) [ "$#" -eq 1 ] && manifest_run=$1 ;;
    fix) [ "$#" -eq 1 ] ;;
    owner) [ "$#" -eq 1 ] && owner=$1 ;;
    confirm-timeout) [ "$#" -eq 1 ] && is_number "$1" && confirm_timeout=$1 ;;
    validate-timeout) [ "$#" -eq 1 ] && is_number "$1" && validate_timeout=$1 ;;
    edit)
        edits=$((edits + 1))
        [ "$#" -eq 7 ] && [ "$1" = "$edits" ] && [ -f "$dir/new.$1" ] && [ "${#3}" -eq 64 ] &&
            absolute "$2" && is_number "$4" && is_number "$5" && is_number "$6"
        ;;
    create)
        edits=$((edits + 1))
        [ "$#" -eq 6 ] && [ "$1" = "$edits" ] && [ -f "$dir/new.$1" ] && absolute "$2" && is_number "$3" &&
            is_number "$4" && is_number "$5" && { [ "$6" = - ] || absolute "$6"; }
        ;;
    unit) [ "$#" -eq 3 ] && is_number "$3" && case $2 in *[!0-9]*) false ;; esac ;;
    expect-absent) [ "$#" -eq 1 ] && absolute "$1" ;;
    validate) validates=$((validates + 1)) && counted "$@" ;;
    reactivate) counted "$@" ;;
    command)
        actions=$((actions + 1))
        [ "$#" -ge 4 ] && [ "$1" = "$actions" ] && is_number "$1" && is_number "$2" && is_number "$3" || return 1
        shift 2
        [ "$1" -gt 0 ] && [ "$#" -ge $(($1 + 2)) ] && shift $(($1 + 1)) && is_number "$1" &&
            [ "$#" -eq $(($1 + 1)) ]
        ;;
    *) false ;;
    esac
}

absolute() { case $1 in /* | %2[Ff]*) ;; *) false ;; esac; }

counted() { is_number "$1" && [ "$1" -gt 0 ] && [ "$#" -eq $(($1 + 1)) ]; }

# Calls FUNCTION with the words of each DIRECTIVE line; stops at the first that fails.
# The lines come on descriptor 3, so that what is run cannot eat them.
each() { # DIRECTIVE FUNCTION
    lines=''
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in "$1 "*) [ -z "$reverse" ] && lines=$lines${line#* }$NL || lines=${line#* }$NL$lines ;; esac
    done <"$dir/manifest"
    each_line "$2" "$lines"
}

each_line() { # FUNCTION LINES
    pending_lines=$2
    while [ -n "$pending_lines" ]; do
        line=${pending_lines%%"$NL"*} pending_lines=${pending_lines#*"$NL"}
        set -f
        # shellcheck disable=SC2086
        set -- "$1" $line
        set +f
        function=$1
        shift
        "$function" "$@" || return 1
        set -- "$function"
    done
}

# ---- processes and the lock --------------------------------------------------------------------

boot_id() {
    id=-
    { read -r id </proc/sys/kernel/random/boot_id; } 2>/dev/null
    printf '%s' "$id"
}

# A pid alone may have been given to somebody else since; its start time tells.
start_time() { # PID
    stat_line=
    { IFS= read -r stat_line <"/proc/$1/stat"; } 2>/dev/null || { printf -- -; return; }
    # shellcheck disable=SC2086
    set -- ${stat_line##*) }
    case $1 in Z | X) printf dead; return ;; esac
    shift 19
    printf '%s' "$1"
}

newest_lock() { # sets newest, holder
    newest='' holder=free
    for file in "$base"/lock/*; do
        case $file in *[0-9]) newest=$file ;; esac
    done
    [ -z "$newest" ] || { IFS= read -r holder <"$newest"; } 2>/dev/null || holder=vanished
}

holder_lives() { # PID START BOOT
    [ "$3" = "$this_boot" ] || return 1
    kill -0 "$1" 2>/dev/null || [ -d "/proc/$1" ] || return 1
    [ "$2" = - ] || [ "$2" = "$(start_time "$1")" ]
}

# What a killed owner had just begun (a cp, a mv, a command under its time limit) must have ended
# before its work is judged: it is waited for, no longer than its own limit.
await_orphans() { # PID BOOT RUN
    [ "$2" = "$this_boot" ] || return 0
    limit=100 child=
    if read -r child child_start child_limit <"$base/$3/child"; then limit=$(((child_limit + 10) * 10)); fi 2>/dev/null
    while [ "$limit" -gt 0 ]; do
        limit=$((limit - 1))
        if [ -n "$child" ] && [ "$child_start" = "$(start_time "$child")" ]; then nap; continue; fi
        [ "$limit" -gt 100 ] && limit=100
        kill -s 0 -- "-$1" 2>/dev/null || return 0
        nap
    done
}

nap() { sleep 0.1 2>/dev/null || { sleep 1; limit=$((limit - 9)); }; }

lock() { # 0: ours; 1: held, by $holder; 2: cannot be written
    lock_line="$run $$ $(start_time $$) $this_boot $(now) $owner"
    { mkdir -p "$base/lock" && printf '%s\n' "$lock_line" >"$dir/lock.$$" && sync_path "$dir/lock.$$"; } 2>/dev/null ||
        { rm -f "$dir/lock.$$"; return 2; }
    while :; do
        newest_lock
        # shellcheck disable=SC2086
        case $holder in
        vanished) continue ;; # it was tidied away: somebody has taken a newer one
        free | '') ;;
        *) set -f; set -- $holder; set +f
            if holder_lives "$2" "$3" "$4"; then rm -f "$dir/lock.$$"; return 1; fi
            await_orphans "$2" "$4" "$1"
            ;;
        esac
        number=${newest##*/} && number=${number#"${number%%[1-9]*}"}
        mine=$base/lock/$(printf %010d $((${number:-0} + 1)))
        ln "$dir/lock.$$" "$mine" 2>/dev/null || { [ -e "$mine" ] && continue; rm -f "$dir/lock.$$"; return 2; }
        newest_lock
        [ "$newest" = "$mine" ] && break
        rm -f "$mine" # an old state was looked at; look again
    done
    locked=$mine
    rm -f "$dir/lock.$$"
    for file in "$base"/lock/*; do
        [ "$file" = "$mine" ] || rm -f "$file"
    done
}

unlock() {
    [ -n "$locked" ] || return 0
    # By rename, so that no one reads half a line. Should the disk be full, a dead owner's lock is
    # left, which the next run outnumbers.
    if { echo free >"$dir/lock.$$"; } 2>/dev/null; then mv -f "$dir/lock.$$" "$locked"; fi
    rm -f "$dir/lock.$$"
    locked=
}

# Runs argv with a time limit; its output goes to a plain file, never a pipe that a daemon might
# hold open, and the file is kept short while it grows. Sets $status; 124: out of time.
run_limited() { # OUTFILE SECONDS ARGV...
    out=$1 seconds=$2 over=
    shift 2
    rm -f "$out" "$out.head" "$dir/status"
    : >>"$out" 2>/dev/null || out=/dev/null
    (
        umask 022
        $limiter ${limiter:+"$seconds"} "$@" </dev/null >>"$out" 2>&1
        echo $? >"$dir/status.new" && mv -f "$dir/status.new" "$dir/status"
    ) &
    child=$! beats=0
    echo "$child $(start_time $child) $seconds" >"$dir/child"
    while [ ! -f "$dir/status" ]; do
        sleep 0.05 2>/dev/null || { sleep 1; beats=$((beats + 19)); }
        beats=$((beats + 1))
        shorten
        kill -0 $child 2>/dev/null || break
        [ "$beats" -lt $(((seconds + 5) * 20)) ] || { stop_child; break; }
    done
    status=124
    { read -r status <"$dir/status"; } 2>/dev/null
    # How a time limit is reported differs (busybox: 143).
    case $status in 137 | 143) status=124 ;; esac
    rm -f "$dir/child" "$dir/status"
    shorten
    if [ -n "$over" ]; then mv -f "$out.head" "$out"; fi
}

shorten() {
    [ -f "$out" ] && [ "$(($(wc -c <"$out")))" -gt "$OUTPUT_LIMIT" ] || return 0
    [ -n "$over" ] || head -c "$OUTPUT_LIMIT" "$out" >"$out.head"
    over=yes
    : >"$out"
}

stop_child() { kill -s KILL -- "-$child" 2>/dev/null || kill -s KILL "$child" 2>/dev/null; }

# timeout(1) has been called with -t and without -k in its life.
find_limiter() {
    if timeout -k 2 5 true 2>/dev/null; then limiter='timeout -k 2'
    elif timeout 5 true 2>/dev/null; then limiter=timeout
    elif timeout -t 5 true 2>/dev/null; then limiter='timeout -t'
    else limiter=watchdog; fi
}

watchdog() { # SECONDS ARGV...
    limit=$1
    shift
    "$@" &
    watched=$!
    (sleep "$limit"; kill "$watched"; sleep 2; kill -s KILL "$watched") >/dev/null 2>&1 &
    guard=$!
    wait "$watched"
    code=$?
    kill "$guard" 2>/dev/null
    return $code
}

# Decodes words in place and runs them: run_words OUTFILE SECONDS ARGC WORD... [ignored]
run_words() {
    run_out=$1 run_seconds=$2 count=$3
    shift 3
    # Rotate the words through the list: each decoded one goes to the end.
    extra=$(($# - count)) index=0
    while [ "$index" -lt "$count" ]; do
        decode "$1"
        shift
        set -- "$@" "$decoded"
        index=$((index + 1))
    done
    shift "$extra"
    run_limited "$run_out" "$run_seconds" "$@"
}

# The first COUNT words, for the journal.
first_words() { # COUNT WORD...
    count=$1 words=''
    shift
    while [ "$count" -gt 0 ]; do
        words="$words $1" count=$((count - 1))
        shift
    done
    printf '%s' "${words# }"
}

# ---- files -------------------------------------------------------------------------------------

find_hasher() {
    for hasher in sha256sum 'busybox sha256sum' 'shasum -a 256' 'openssl dgst -sha256 -r'; do
        [ "$(printf '' | hash_input)" != e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 ] || return 0
    done
    return 1
}

hash_input() { $hasher 2>/dev/null | { read -r hash _ && printf '%s' "$hash"; }; }

hash_file() { { hash_input <"$1"; } 2>/dev/null; }

find_copier() {
    case $(cp --help 2>&1) in *--preserve*) copier='cp -a' ;; *) copier='cp -p' ;; esac
}

# A copy with owner, mode, times, and ACL, label and attributes where the tools can.
copy() { # FROM TO
    $copier -- "$1" "$2" 2>/dev/null || return 1
    [ "$copier" = 'cp -p' ] || return 0
    ! command -v chcon >/dev/null 2>&1 || chcon --reference="$1" -- "$2" 2>/dev/null
    command -v getfacl >/dev/null 2>&1 && command -v setfacl >/dev/null 2>&1 || return 0
    getfacl -p -- "$1" 2>/dev/null | setfacl --set-file=- -- "$2" 2>/dev/null
    return 0
}

# Sets path, target (resolved), and beside it temp and kept.
locate() { # ENCODED-PATH
    decode "$1"
    path=$decoded
    target=$(readlink -f -- "$path" && echo .) || return 1
    target=${target%"$NL".}
    beside
    kept=$temp.was
}

# Sets folder, and temp in it, where the new content is written first.
beside() {
    folder=${target%/*}
    folder=${folder:-/}
    name=${target##*/}
    [ "${#name}" -le 120 ] || name=$(printf %.120s "$name")
    temp=${folder%/}/.$name.fettle-$run
}

# What differs from the fingerprint, in $drift; the words are those of the manifest's edit line.
drifted() { # N PATH SHA UID GID MODE LINK
    drift=
    if ! locate "$2" || [ ! -f "$target" ]; then drift=missing; return 0; fi
    if [ "$7" = - ]; then
        if [ -L "$path" ]; then drift="link"; return 0; fi
    else
        decode "$7"
        now_link=$(readlink -- "$path" && echo .)
        [ "${now_link%"$NL".}" = "$decoded" ] || [ "$target" = "$decoded" ] || { drift="link"; return 0; }
    fi
    fields=$(stat -c '%u %g %a %h' -- "$target") || { drift=unreadable; return 0; }
    want_mode=${6#"${6%%[1-7]*}"}
    # shellcheck disable=SC2086
    set -- "$3" "$4" "$5" "${want_mode:-0}" $fields
    links=$8
    [ "$2" = "$5" ] || drift=uid
    [ "$3" = "$6" ] || drift=gid
    [ "$4" = "$7" ] || drift=mode
    [ "$1" = "$(hash_file "$target")" ] || drift=content
    [ -n "$drift" ]
}

# Whoever can write a folder on the way can put a symlink where we are about to write, between any
# check and its use, and have root write what they please.  So that every folder is ours or root's,
# and nobody else can write it; on the way, though not at its end, a sticky one such as /tmp will do.
# Sets unsafe to the first that is not.
safe_way() { # FOLDER
    unsafe=$1 sticky_will_do=
    while fields=$(stat -c '%u %g %a' -- "$unsafe"); do
        mode=${fields##* } owners=${fields% *}
        case ${owners% *} in 0 | "$me_uid") ;; *) return 1 ;; esac
        case $mode in
        [1357]???) [ -n "$sticky_will_do" ] || return 1 ;;
        *[2367]) return 1 ;;
        *[2367]?) case ${owners#* } in 0 | "$me_gid") ;; *) return 1 ;; esac ;;
        esac
        [ "$unsafe" != / ] || return 0
        sticky_will_do=yes unsafe=${unsafe%/*}
        unsafe=${unsafe:-/}
    done
    return 1
}

check_edit() { # N PATH ...
    if drifted "$@"; then finish refused-drift "$2" "$drift"; fi
    safe_way "$folder" || finish refused-folder "$2" "$(printf '%s' "$unsafe" | encode)"
    [ "$links" -eq 1 ] || finish refused-hardlink "$2" "$links"
    bytes=$((bytes + $(wc -c <"$target") + $(wc -c <"$dir/new.$1") + 65536)) inodes=$((inodes + 4))
}

# ---- files that are new ----

# Sets path, target, folder and temp, as locate does; no symlink is on the way.
place_new() { # ENCODED-PATH
    decode "$1"
    path=$decoded target=$decoded
    beside
}

# Why it cannot be created, in $drift: the file or its folder has come, or what it is to be in has gone.
appeared() { # N PATH UID GID MODE FOLDER
    drift=
    place_new "$2"
    if [ -e "$path" ] || [ -L "$path" ]; then drift=present; return 0; fi
    if [ "$6" != - ]; then
        decode "$6"
        if [ -e "$decoded" ] || [ -L "$decoded" ]; then drift="folder-present"; return 0; fi
        folder=${folder%/*}
        folder=${folder:-/}
    fi
    [ -d "$folder" ] && [ "$(readlink -f -- "$folder")" = "$folder" ] || drift="folder-missing"
    [ -n "$drift" ]
}

check_create() { # N PATH ...
    if appeared "$@"; then finish refused-drift "$2" "$drift"; fi
    safe_way "$folder" || finish refused-folder "$2" "$(printf '%s' "$unsafe" | encode)"
    bytes=$((bytes + $(wc -c <"$dir/new.$1") + 65536)) inodes=$((inodes + 4))
    check_space "$(printf '%s' "$folder" | encode)" "$folder"
}

write_create() { # N PATH UID GID MODE FOLDER
    stop_asked && give_up interrupted
    if appeared "$@"; then give_up drift "$2" "$drift"; fi
    new_hash=$(hash_file "$dir/new.$1")
    journal write "$1" "$2" "$new_hash" || give_up journal
    if [ "$6" != - ]; then
        # Not `-p`: a folder that somebody else has made since is not ours.
        decode "$6"
        mkdir -m 755 -- "$decoded" 2>/dev/null || give_up write "$1" "$2"
        sync_path "$folder"
    fi
    place_new "$2"
    rm -f -- "$temp"
    { cat "$dir/new.$1" >"$temp"; } 2>/dev/null || give_up write "$1" "$2"
    [ "$me_uid" != 0 ] || chown "$3:$4" -- "$temp" 2>/dev/null
    chmod "$5" -- "$temp" 2>/dev/null
    same_kind "$temp" "$new_hash" "$3" "$4" "$5" || give_up write "$1" "$2"
    sync_path "$temp"
    # A link, since a rename would replace what has come in this very moment.
    ln -- "$temp" "$target" 2>/dev/null || give_up write "$1" "$2"
    rm -f -- "$temp"
    sync_path "$folder"
}

is_ours() { # N
    [ -f "$target" ] && [ ! -L "$target" ] && [ "$(hash_file "$target")" = "$(hash_file "$dir/new.$1")" ]
}

put_back_create() { # N PATH UID GID MODE FOLDER
    has "$written" "$1" || return 0
    place_new "$2"
    rm -f -- "$temp"
    if is_ours "$1"; then
        journal restore "$1" "$2"
        rm -f -- "$target"
        if [ -e "$target" ]; then failed="$failed restore $2"; else sync_path "$folder"; fi
    elif [ -e "$path" ] || [ -L "$path" ]; then
        # Where ours was taken away before, what is there now is somebody else's.
        has "$restored" "$1" || conflict "$2"
        return 0
    fi
    [ "$6" != - ] || return 0
    # With what others have put into it since, it stays.
    decode "$6"
    rmdir -- "$decoded" 2>/dev/null && sync_path "${decoded%/*}"
    return 0
}

check_absent() { # PATH
    decode "$1"
    if [ -e "$decoded" ] || [ -L "$decoded" ]; then finish refused-drift "$1" present; fi
}

# Started since by somebody: not by systemd itself, which counts its own attempts.
check_unit() { # UNIT STARTED RESTARTS
    decode "$1"
    started='' restarts=''
    for word in $(systemctl show --property=ActiveEnterTimestampMonotonic,NRestarts -- "$decoded" 2>/dev/null); do
        case $word in
        ActiveEnterTimestampMonotonic=*) started=${word#*=} ;;
        NRestarts=*) restarts=${word#*=} ;;
        esac
    done
    [ "$started" = "$2" ] || [ "${restarts:-0}" -gt "$3" ] || finish refused-drift "$1" started
}

available() { # OPTION FOLDER: KiB with -k, inodes with -i
    previous=0
    # shellcheck disable=SC2046
    for field in $(df -P "$1" -- "$2" 2>/dev/null | tail -n 1); do
        case $field in *[0-9]%) printf '%s' "$previous"; return ;; esac
        previous=$field
    done
    printf 999999999 # a file system that does not say
}

check_space() { # ENCODED-FOLDER FOLDER
    need=$((bytes / 1024 + 1)) have=$(available -k "$2")
    [ "$have" -ge "$need" ] || finish refused-space "$1" "$need" "$have"
    have=$(available -i "$2")
    [ "$have" -ge "$inodes" ] || finish refused-inodes "$1" "$inodes" "$have"
}

check_edit_space() { # N PATH ...
    locate "$2"
    check_space "$(printf '%s' "$folder" | encode)" "$folder"
}

backup_edit() { # N PATH ...
    locate "$2"
    journal backup "$1" "$2" || return 1
    copy "$target" "$dir/old.$1" && sync_path "$dir/old.$1" && [ "$3" = "$(hash_file "$dir/old.$1")" ]
}

write_edit() { # N PATH SHA UID GID MODE LINK
    stop_asked && give_up interrupted
    if drifted "$@"; then give_up drift "$2" "$drift"; fi
    new_hash=$(hash_file "$dir/new.$1")
    journal write "$1" "$2" "$new_hash" || give_up journal
    # A copy of the original carries owner, group, mode, ACL and label; then only its content changes.
    rm -f -- "$temp"
    copy "$target" "$temp" || give_up write "$1" "$2"
    [ -w "$temp" ] || chmod u+w -- "$temp"
    { cat "$dir/new.$1" >"$temp"; } 2>/dev/null || give_up write "$1" "$2"
    chmod "$6" -- "$temp" 2>/dev/null
    same_kind "$temp" "$new_hash" "$4" "$5" "$6" || give_up write "$1" "$2"
    sync_path "$temp"
    # The original under a second name: the way back is a rename then, which a full disk cannot stop.
    rm -f -- "$kept"
    ln -- "$target" "$kept" 2>/dev/null
    mv -f -- "$temp" "$target" 2>/dev/null || give_up write "$1" "$2"
    sync_path "$folder"
}

drop_kept() { # N PATH ...
    locate "$2" && rm -f -- "$kept"
    return 0
}

same_kind() { # FILE SHA UID GID MODE
    kind=$(stat -c '%u %g %a' -- "$1") && mode=${5#"${5%%[1-7]*}"} &&
        [ "$kind" = "$3 $4 ${mode:-0}" ] && [ "$2" = "$(hash_file "$1")" ]
}

# ---- putting back ------------------------------------------------------------------------------

# Every part is a no-op where it has been done, so a put back that was cut can be run again.
put_back() { # sets failed to what could not be put back
    failed=
    reverse=yes
    journal_read
    each command put_back_command
    each create put_back_create
    each edit put_back_edit
    reverse=
    journal_read
    # What the daemons hold in memory follows the files only if they had been told of the change, or
    # were started by a boot that came in between.
    read_again=
    [ "$restored" = ' ' ] || [ "$commands$rebooted" = ' ' ] || read_again=yes
    # systemd itself first: it starts a unit as it last read it.
    if [ -n "$read_again" ]; then position=0 manager=yes; each reactivate put_back_reactivate; fi
    # An undo comes later: what a service does by then is not the run's doing.
    [ -n "$undoing" ] || each command put_back_unit
    if [ -n "$read_again" ]; then position=0 manager=; each reactivate put_back_reactivate; fi
    each edit drop_kept
    sync_path "$dir"
}

put_back_command() { # N TIMEOUT ARGC ARG... UNDO_ARGC ARG...
    number=$1 seconds=$2
    has "$commands" "$number" || return 0
    if has "$uncommanded" "$number"; then return 0; fi
    # Which services run, and what the kernel is set to, is of the boot's making now.
    [ -z "$rebooted" ] || return 0
    shift 2
    shift $(($1 + 1))
    [ "$1" -gt 0 ] || return 0
    journal undo-command "$number" "$(first_words "$@")"
    run_words "$dir/undo-command.$number.out" "$seconds" "$@"
    journal undone-command "$number" "$status"
    [ "$status" -eq 0 ] || failed="$failed command $number"
    return 0
}

put_back_edit() { # N PATH SHA ...
    has "$written" "$1" || return 0
    locate "$2" || { conflict "$2"; return 0; }
    rm -f -- "$temp"
    current=$(hash_file "$target")
    if [ "$current" = "$3" ] && [ "$3" != "$(hash_file "$dir/new.$1")" ]; then return 0; fi
    if [ -z "$current" ] || [ "$current" != "$(hash_file "$dir/new.$1")" ]; then
        conflict "$2"
        return 0
    fi
    journal restore "$1" "$2"
    restore "$dir/old.$1" "$3" || { rm -f -- "$temp"; failed="$failed restore $2"; }
    return 0
}

# A unit that ran before, and which no restart brought back.
put_back_unit() { # N TIMEOUT ARGC systemctl VERB UNIT ...
    has "$was_active" "$1" || return 0
    case $(unit_state "$6") in active | activating | reloading) return 0 ;; esac
    journal start-again "$1" "$6"
    run_words "$dir/start-again.$1.out" "$2" 3 systemctl start "$6"
    journal started-again "$1" "$status"
    [ "$status" -eq 0 ] || failed="$failed start-again $1"
    return 0
}

names_unit() { # ARGC ARG...
    [ "$1" -eq 3 ] || return 1
    decode "$2"
    [ "$decoded" = systemctl ] || return 1
    decode "$3"
    case $decoded in start | stop | restart | reload) ;; *) return 1 ;; esac
}

is_daemon_reload() { # ARGC ARG...
    [ "$1" -eq 2 ] || return 1
    decode "$2"
    [ "$decoded" = systemctl ] || return 1
    decode "$3"
    [ "$decoded" = daemon-reload ]
}

unit_state() { # ENCODED-UNIT
    decode "$1"
    systemctl show --property=ActiveState -- "$decoded" 2>/dev/null | sed -n 's/^ActiveState=//p'
}

conflict() { # PATH: neither ours nor the original; it is not ours to overwrite
    journal conflict "$1"
    failed="$failed conflict $1"
}

restore() { # OLD SHA
    if [ -f "$kept" ] && [ "$2" = "$(hash_file "$kept")" ]; then
        mv -f -- "$kept" "$target" 2>/dev/null && sync_path "$folder" && return 0
    fi
    if copy "$1" "$temp" && [ "$2" = "$(hash_file "$temp")" ]; then
        sync_path "$temp"
        mv -f -- "$temp" "$target" 2>/dev/null && sync_path "$folder" && return 0
    fi
    rm -f -- "$temp"
    # No room beside it: rather in place than not at all.
    [ "$2" = "$(hash_file "$1")" ] || return 1
    { cat "$1" >"$target"; } 2>/dev/null && touch -r "$1" -- "$target"
    [ "$2" = "$(hash_file "$target")" ] && sync_path "$target"
}

put_back_reactivate() { # ARGC ARG...; of systemd itself if $manager is set, else of all others
    position=$((position + 1))
    if is_daemon_reload "$@"; then [ -n "$manager" ]; else [ -z "$manager" ]; fi || return 0
    journal reactivate "$position" "$(first_words "$@")"
    run_words "$dir/reactivate.$position.out" 60 "$@"
    journal reactivated "$position" "$status"
    [ "$status" -eq 0 ] || failed="$failed reactivate $position"
    return 0
}

# Any way out after the first write.
give_up() { # REASON...
    journal put-back "$@"
    reason=$*
    put_back
    # shellcheck disable=SC2086  # each a word of its own
    if [ -n "$failed" ]; then finish put-back-failed$failed; else finish rolled-back $reason; fi
}

stop_asked() { [ -n "$asked" ] || [ -e "$dir/revert" ]; }

# Runs that died in the middle, this one's dead predecessor or its predecessor's: we hold the lock,
# so none of them is alive. Done in this very process, so that our own death ends it too.
recover_others() {
    others=
    for file in "$base"/unfinished/*; do # their names tell their age: the newest first
        [ ! -f "$file" ] || [ "${file##*/}" = "${home##*/}" ] || others="${file##*/} $others"
    done
    for other in $others; do
        # shellcheck disable=SC2086  # each a word of its own
        recover_one "$base/$other" || finish refused-unrecovered "$other" $failed
    done
    recover_into "$home"
}

recover_into() { dir=$1 run=${1##*/}; }

recover_one() { # FOLDER
    told_before=$told told='' me=${home##*/}
    recover_into "$1"
    state=none
    if [ -d "$dir" ] && journal_open; then journal_read; fi
    if [ "$state" = open ] || [ "$state" = put-back-failed ]; then
        # What a run died of says nothing about its manifest, which it had checked.
        find_copier
        was_undo=$undoing
        journal recovered "$me"
        journal put-back crashed
        put_back
        outcome='rolled-back crashed'
        [ -z "$was_undo" ] || outcome=undone
        [ -z "$failed" ] || outcome="put-back-failed$failed"
        # shellcheck disable=SC2086  # each a word of its own
        journal end $outcome
    else
        outcome=nothing-open failed=
    fi
    [ -n "$failed" ] || unmark
    rm -f "$dir/reserve" "$dir/pid" "$dir"/lock.* "$dir/child"
    other_run=$run
    recover_into "$home"
    told=$told_before
    journal_open
    # shellcheck disable=SC2086
    [ "$outcome" = nothing-open ] || journal recovered "$other_run" $outcome
    [ -z "$failed" ]
}

# ---- the budget --------------------------------------------------------------------------------

lately() { # EPOCH UPTIME BOOT
    if [ "$3" = "$this_boot" ] && [ -n "$up" ] && [ "$2" != - ]; then [ $((up - $2)) -lt $HOUR ]; return; fi
    [ -z "$up" ] || [ "$up" -lt $HOUR ] || return 1
    age=$(($(now) - $1))
    [ "$age" -lt $HOUR ] && { [ -n "$up" ] || [ "$age" -gt -$HOUR ]; }
}

check_budget() { # FIX
    made='' times=0
    uptime_seconds
    [ ! -f "$base/budget" ] || while read -r epoch since boot by id who; do
        if [ "$id" = "$1" ] && lately "$epoch" "$since" "$boot"; then
            times=$((times + 1)) made="$made $epoch $by $who"
        fi
    done <"$base/budget"
    # shellcheck disable=SC2086
    [ "$times" -lt $BUDGET ] || finish refused-budget "$1" "$times" $made
}

# What is older than an hour is left out when a line is added.
spend() {
    uptime_seconds
    {
        [ ! -f "$base/budget" ] || while read -r epoch since boot rest; do
            ! lately "$epoch" "$since" "$boot" || printf '%s\n' "$epoch $since $boot $rest"
        done <"$base/budget"
        each fix spend_on
    } >"$base/budget.new" && sync_path "$base/budget.new" && mv -f "$base/budget.new" "$base/budget"
} 2>/dev/null

spend_on() { printf '%s\n' "$(now) ${up:--} $this_boot $run $1 $owner"; } # FIX

# ---- the phases of apply -----------------------------------------------------------------------

prepare() {
    journal lock || finish refused-journal
    lock
    # shellcheck disable=SC2086
    case $? in
    0) ;;
    1) set -f; finish refused-locked $holder ;;
    *) finish refused-journal ;;
    esac
    recover_others
    load_manifest # another run's may have been in these variables
    each fix check_budget
    journal check || finish refused-journal
    bytes=1048576 inodes=64
    each edit check_edit
    each create check_create
    each expect-absent check_absent
    each unit check_unit
    check_space "$(printf '%s' "$base" | encode)" "$base"
    each edit check_edit_space
}

shadow() {
    if [ ! -f "$dir/prove" ] || [ "$validates" -eq 0 ]; then
        journal shadow unavailable nothing-to-run
        return
    fi
    run_limited "$dir/shadow.out" $((validate_timeout * validates + 20)) sh "$dir/prove" "$dir"
    verdict='' detail=''
    { IFS=' ' read -r verdict detail <"$dir/shadow.out"; } 2>/dev/null
    case $verdict in
    ok) journal shadow ok ;;
    failed)
        excerpt=$(tail -n +2 "$dir/shadow.out" | head -c $EXCERPT_LIMIT | encode)
        journal shadow failed "${detail#* }" "$excerpt"
        finish refused-invalid "${detail#* }" "$excerpt"
        ;;
    *) journal shadow unavailable "$(printf '%s' "${detail:-no answer, status $status}" | head -c 300 | encode)" ;;
    esac
}

# What a failure said, for whoever follows from afar: its end, since that is where it says why.
said() { # FILE
    [ "$status" -eq 0 ] || [ ! -s "$1" ] || tail -c "$EXCERPT_LIMIT" "$1" | encode
}

validate_one() { # ARGC ARG...
    position=$((position + 1))
    stop_asked && give_up interrupted
    journal validate "$position" "$(first_words "$@")" || give_up journal
    run_words "$dir/validate.$position.out" "$validate_timeout" "$@"
    # shellcheck disable=SC2046  # one encoded word, or none
    journal validated "$position" "$status" $(said "$dir/validate.$position.out") || give_up journal
    [ "$status" -eq 0 ] || give_up validate "$position" "$status"
}

# How the units of the commands are, before anything is touched.
note_unit() { # N TIMEOUT ARGC ARG...
    number=$1
    shift 2
    names_unit "$@" || return 0
    unit=$(unit_state "$4")
    journal was "$number" "$4" "${unit:-unknown}"
}

command_one() { # N TIMEOUT ARGC ARG... UNDO_ARGC ARG...
    stop_asked && give_up interrupted
    number=$1 seconds=$2
    shift 2
    journal command "$number" "$(first_words "$@")" || give_up journal
    run_words "$dir/command.$number.out" "$seconds" "$@"
    # shellcheck disable=SC2046  # one encoded word, or none
    journal commanded "$number" "$status" $(said "$dir/command.$number.out") || give_up journal
    [ "$status" -eq 0 ] || give_up command "$number" "$status"
}

# Seconds that no change of the clock touches; without /proc the sleeps are counted.
uptime_seconds() {
    up=
    { read -r up _ </proc/uptime; } 2>/dev/null
    up=${up%%.*}
}

await_word() {
    rm -f "$dir/confirm"
    journal waiting $(($(now) + confirm_timeout)) || give_up journal
    uptime_seconds
    began=$up ticks=0
    while :; do
        stop_asked && give_up "$([ -e "$dir/revert" ] && echo reverted || echo interrupted)"
        [ ! -e "$dir/confirm" ] || return 0
        uptime_seconds
        if [ -n "$began" ]; then waited=$((up - began)); else waited=$((ticks / 4)); fi
        [ "$waited" -lt "$confirm_timeout" ] || give_up unconfirmed
        sleep 0.25 2>/dev/null || { sleep 1; ticks=$((ticks + 3)); }
        ticks=$((ticks + 1))
    done
}

apply() {
    journal start "$run" $$ "$this_boot" || finish refused-journal
    load_manifest || finish refused-manifest "$line_number"
    find_hasher || finish refused-tools sha256sum
    find_copier
    [ "$copier" = 'cp -a' ] || journal note "$(echo "cp keeps no ACL, label or attributes here" | encode)"
    prepare
    shadow
    ! stop_asked || finish refused-interrupted
    dd if=/dev/zero of="$dir/reserve" bs=4096 count=16 2>/dev/null || finish refused-space "$(printf '%s' "$base" | encode)" 64 0
    each edit backup_edit || finish rolled-back backup
    each command note_unit || finish refused-journal
    mark || { unmark; finish refused-journal; }
    each edit write_edit
    each create write_create
    position=0
    each validate validate_one
    spend || give_up journal
    each command command_one
    await_word
    each edit drop_kept
    finish confirmed
}

# ---- later -------------------------------------------------------------------------------------

unchanged() { # N PATH SHA ...: is the file what we wrote, or already what it was?
    has "$written" "$1" || return 0
    current=
    locate "$2" && current=$(hash_file "$target")
    [ -n "$current" ] && [ "$current" = "$(hash_file "$dir/new.$1")" ] && return 0
    [ "$current" = "$3" ] && has "$restored" "$1" && return 0
    journal changed "$2" "$(printf '%s' "$dir/old.$1" | encode)" "$(printf '%s' "$dir/new.$1" | encode)" \
        "$(printf '%s' "$target" | encode)"
    finish refused-changed "$2"
}

unchanged_create() { # N PATH ...: is the file what we wrote, or gone?
    has "$written" "$1" || return 0
    place_new "$2"
    if is_ours "$1" || { [ ! -e "$path" ] && [ ! -L "$path" ]; }; then return 0; fi
    journal changed "$2" /dev/null "$(printf '%s' "$dir/new.$1" | encode)" "$(printf '%s' "$target" | encode)"
    finish refused-changed "$2"
}

is_locked() {
    newest_lock
    case $holder in free | vanished | '') return 1 ;; esac
    set -f
    # shellcheck disable=SC2086
    set -- $holder
    set +f
    holder_lives "$2" "$3" "$4"
}

# The lock first, quietly: while the run itself lives, its journal is not ours to write.
take_over() {
    load_manifest # for the owner's name in the lock
    if ! lock; then
        # shellcheck disable=SC2086
        if is_locked; then set -f; set -- $holder; tell "0 $(now) end refused-locked $*"; exit 5; fi
        rm -f "$dir/reserve" # the disk is full: this is what it was kept for
        lock || { tell "0 $(now) end refused-journal"; exit 5; }
    fi
    echo $$ >"$dir/pid"
    journal_open
    find_hasher || finish refused-tools sha256sum
    find_copier
    recover_others
    load_manifest || finish refused-manifest "$line_number"
    journal_read
}

undo() {
    take_over
    case $state in
    undone | rolled-back) finish already-undone ;;
    none) finish refused-nothing-to-undo ;;
    esac
    each edit unchanged
    each create unchanged_create
    mark
    journal undo || { unmark; finish refused-journal; }
    finish_undo
}

finish_undo() {
    put_back
    # shellcheck disable=SC2086
    if [ -n "$failed" ]; then finish put-back-failed$failed; else finish undone; fi
}

recover() {
    take_over
    case $state in
    open)
        journal recovered "$run"
        [ -z "$undoing" ] || finish_undo
        give_up crashed
        ;;
    undone | rolled-back) finish already-undone ;;
    confirmed) finish confirmed ;;
    put-back-failed) give_up crashed ;;
    *) finish refused-nothing-to-undo ;;
    esac
}

main() {
    case $0 in /*) home=${0%/*} ;; *) echo "txn: call me by my full path" >&2; exit 64 ;; esac
    base=${home%/*} verb=$1 told='' locked='' asked='' reverse='' sequence_torn='' copier='cp -a'
    recover_into "$home"
    # Caught, not ignored: an ignored signal would be inherited by every daemon that is restarted.
    trap : HUP PIPE
    trap 'asked=yes' TERM INT
    find_limiter
    owner=- me_uid=$(id -u) me_gid=$(id -g) this_boot=$(boot_id)
    case $1 in
    apply)
        [ ! -e "$dir/journal" ] || { echo "txn: this run has begun before" >&2; exit 5; }
        echo $$ >"$dir/pid"
        journal_open || exit 1
        apply
        ;;
    undo | recover)
        told=-
        case $2 in '' | *[!0-9]*) ;; *) told=$dir/told.$2 && : >"$told" ;; esac
        "$1"
        ;;
    *) echo "usage: sh BASE/RUN/txn apply|undo|recover" >&2; exit 64 ;;
    esac
}

main "$@"
