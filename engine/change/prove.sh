# prove.sh: would the validators accept the change? Asked in a private copy; the host keeps every byte.
#
# Called as    sh prove DIR           enters a mount namespace of its own
#              sh prove DIR STAGE     is in one already (see boot.sh), a tmpfs is mounted at STAGE
# DIR holds the manifest (see txn.sh) and new.N; only its edit, create, validate and validate-timeout lines
# matter here. Standard output:
#   ok
#   failed N EXIT      + the validator's output, bounded, each line after `| `.   EXIT 124: out of time
#   unavailable REASON in words: nothing is known, neither good nor bad
#
# `nginx -t` is not read-only: as root it creates the pid file and logs and chowns its folders. So the
# whole tree is shadowed: an overlay over / and over each mount, with the upper half in a tmpfs that
# only this namespace sees. Where overlays cannot be had, everything is bound read-only, with tmpfs
# copies of the edited folders and empty ones where validators write.

LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
umask 022
cd / || exit 70

NL='
'

unavailable() { printf 'unavailable %s\n' "$*"; exit 0; }

# Our own encoding (see txn.sh); sets $decoded.
decode() {
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
    # shellcheck disable=SC2059
    decoded=$(printf -- "$format$rest.")
    decoded=${decoded%.}
}

# ---- into the namespace --------------------------------------------------------------------------

enter() {
    user=
    [ "$(id -u)" -eq 0 ] || user='--user --map-root-user'
    FETTLE_UID=$(id -u) FETTLE_GID=$(id -g)
    export FETTLE_UID FETTLE_GID
    for flags in '--mount --pid --fork --kill-child' '--mount --pid --fork' '--mount' '-m'; do
        # shellcheck disable=SC2086  # words on purpose
        unshare $user $flags true </dev/null >/dev/null 2>&1 || continue
        # shellcheck disable=SC2086
        exec unshare $user $flags sh "$0" "$dir" ''
    done
    unavailable "unshare cannot make a mount namespace here"
}

# A tmpfs over a folder with no mount at or below it, so that it hides nothing we must shadow.
open_stage() {
    mount --make-rprivate / 2>/dev/null || mount -o rprivate none / 2>/dev/null ||
        unavailable "cannot make the mounts private"
    for stage in /mnt /media /srv /opt /home /var/tmp /tmp /boot; do
        case $dir/ in "$stage"/*) continue ;; esac
        if [ ! -d "$stage" ] || [ -L "$stage" ] || mounts_in "$stage"; then continue; fi
        mount -t tmpfs -o size=192m,mode=755 tmpfs "$stage" 2>/dev/null && return
    done
    unavailable "no tmpfs can be mounted"
}

mounts_in() { # FOLDER: is there a mount at or below it?
    while read -r _ _ _ _ point _; do
        case $point/ in "$1"/*) return 0 ;; esac
    done </proc/self/mountinfo
    return 1
}

# ---- the copy of the tree --------------------------------------------------------------------------

overlay() { # FOLDER
    case $1 in *[:,\\]*) return 1 ;; esac
    layer=$(mktemp -d "$stage/layer.XXXXXX") && mkdir "$layer/upper" "$layer/work" || return 1
    # The upper root is the merged root: it must look like the folder that it covers.
    chown "$(stat -c %u:%g "$1")" "$layer/upper" 2>/dev/null
    chmod "$(stat -c %a "$1")" "$layer/upper"
    layers="lowerdir=$1,upperdir=$layer/upper,workdir=$layer/work"
    mount -t overlay -o "$layers" overlay "$root$1" 2>/dev/null ||
        mount -t overlay -o "$layers,userxattr" overlay "$root$1" 2>/dev/null
}

bind_read_only() { # PATH
    mount --bind "$1" "$root$1" 2>/dev/null || mount --rbind "$1" "$root$1" 2>/dev/null || return 1
    mount -o remount,bind,ro "$root$1" 2>/dev/null && return 0
    # Inherited mounts may refuse in a user's namespace, where our rights are only the user's.
    [ "$FETTLE_UID" = 0 ] || return 0
    umount -l "$root$1"
    return 1
}

# A folder whose overlay is refused as a whole (locked mounts below, in a user's namespace) may allow
# one for each of its folders. A subshell for each level: the names are its own.
shadow() ( # FOLDER, which exists in the copy
    case $1 in /proc | /sys | /dev) exit 0 ;; esac
    overlay "$1" && exit 0
    mounts_in "${1%/}" || { bind_read_only "$1"; exit; }
    for child in "${1%/}"/* "${1%/}"/.[!.]*; do
        if [ -L "$child" ]; then
            cp -P "$child" "$root$child"
        elif [ "$child" = "$stage" ]; then
            mkdir "$root$child"
        elif [ -d "$child" ]; then
            mkdir -p "$root$child"
            shadow "$child"
        elif [ -f "$child" ]; then
            : >"$root$child"
            bind_read_only "$child"
        fi
    done 2>/dev/null
    exit 0
)

# mountinfo writes blanks and such as \ooo.
unescape() {
    rest=$1 text=''
    while :; do
        case $rest in
        *\\*) text=$text${rest%%\\*}\\0 rest=${rest#*\\} ;;
        *) break ;;
        esac
    done
    printf '%b.' "$text$rest"
}

shadow_mounts() {
    while read -r line; do
        set -f
        # shellcheck disable=SC2086
        set -- $line
        set +f
        point=$5
        case $point in / | "$stage" | "$stage"/* | /proc | /proc/* | /sys | /sys/* | /dev | /dev/*) continue ;; esac
        case " ${line##* - } " in ' autofs '*) continue ;; esac
        point=$(unescape "$point") && point=${point%.}
        if [ -d "$point" ] && [ -d "$root$point" ]; then
            shadow "$point"
        elif [ -f "$point" ] && [ -f "$root$point" ]; then
            bind_read_only "$point"
        fi
    done <"$stage/mounts"
}

special_folders() {
    mount -t proc -o ro proc "$root/proc" 2>/dev/null || bind_read_only /proc
    bind_read_only /sys
    bind_read_only /dev
    # Devices work on a read-only mount; its shared memory is a place of its own.
    [ ! -d "$root/dev/shm" ] || mount -t tmpfs -o size=16m,mode=1777 tmpfs "$root/dev/shm" 2>/dev/null
}

copy_tree() {
    root=$stage/root
    mkdir "$root" && cat /proc/self/mountinfo >"$stage/mounts" || return 1
    chmod 755 "$root"
    if [ "$FETTLE_UID" = 0 ]; then
        overlay / || return 1
    else
        mkdir "$root/proc" "$root/sys" "$root/dev" # a mountpoint each, should / have no overlay
        shadow /
    fi
    shadow_mounts
    special_folders
    [ -d "$root/etc" ]
}

# ---- without overlays: everything read-only, little copies where it must be written ----------------

covered_by_tmpfs() { # FOLDER
    [ -d "$1" ] && mount -t tmpfs -o size=16m,mode=755 tmpfs "$1" 2>/dev/null
}

read_only_tree() {
    root=''
    [ "$FETTLE_UID" = 0 ] || return 1
    each edit keep_folder || return 1
    while read -r _ _ _ _ point _; do
        case $point in "$stage" | "$stage"/* | /proc | /proc/* | /sys | /sys/* | /dev | /dev/*) continue ;; esac
        point=$(unescape "$point") && point=${point%.}
        mount -o remount,bind,ro "$point" 2>/dev/null || return 1
    done <"$stage/mounts"
    for folder in /run /var/log/nginx /var/lib/nginx /var/cache/nginx /tmp /var/tmp; do
        [ "$folder" = "$stage" ] || [ -L "$folder" ] || covered_by_tmpfs "$folder"
    done
    each edit bind_folder
}

kept() { # FOLDER: where its copy is; one for each folder
    hash=$(printf '%s' "$1" | cksum)
    printf '%s' "$stage/kept.${hash%% *}"
}

keep_folder() { # N PATH ...
    resolve "$2" || return 1
    case $folder in /) return 1 ;; esac
    copy=$(kept "$folder")
    [ -d "$copy" ] || cp -a -- "$folder" "$copy" 2>/dev/null || cp -pR -- "$folder" "$copy"
}

bind_folder() { # N PATH ...
    resolve "$2" || return 1
    mount --bind "$(kept "$folder")" "$folder"
}

# ---- the change and the question -------------------------------------------------------------------

resolve() { # ENCODED-PATH: sets target and folder
    decode "$1"
    target=$(readlink -f -- "$decoded" && echo .) || return 1
    target=${target%"$NL".}
    folder=${target%/*}
    folder=${folder:-/}
}

each() { # DIRECTIVE FUNCTION: with the words of each such line of the manifest
    lines=''
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in "$1 "*) lines=$lines${line#* }$NL ;; esac
    done <"$dir/manifest"
    called=$2
    while [ -n "$lines" ]; do
        line=${lines%%"$NL"*} lines=${lines#*"$NL"}
        set -f
        # shellcheck disable=SC2086
        set -- $line
        set +f
        "$called" "$@" || return 1
    done
}

write_new() { # N PATH ...
    resolve "$2" || unavailable "a file to edit is not there"
    # A readonly bound mount or a file of somebody else's: no copy of it could be made.
    { cat "$dir/new.$1" >"$root$target"; } 2>/dev/null || unavailable "cannot write the copy of a file"
}

write_created() { # N PATH UID GID MODE FOLDER
    decode "$2"
    target=$decoded
    if [ "$6" != - ]; then
        decode "$6"
        mkdir -m 755 "$root$decoded" 2>/dev/null || unavailable "a new folder cannot be made in the copy"
    fi
    { cat "$dir/new.$1" >"$root$target" && chmod "$5" "$root$target"; } 2>/dev/null ||
        unavailable "cannot write the copy of a file"
}

set_timeout() { seconds=$1; }

# As who we were: a user's namespace has made us its root, whom programs would take for the real one.
inside() { # ARGV...
    # shellcheck disable=SC2086
    if [ "$FETTLE_UID" = 0 ]; then
        $limiter chroot "${root:-/}" "$@"
    else
        $limiter unshare --user --map-user="$FETTLE_UID" --map-group="$FETTLE_GID" --root="$root" --wd=/ "$@"
    fi
}

validate() { # ARGC ARG...
    number=$((number + 1)) count=$1
    shift
    while [ "$count" -gt 0 ]; do
        decode "$1"
        shift
        set -- "$@" "$decoded"
        count=$((count - 1))
    done
    # The tmpfs is of limited size, and so is what a validator can say.
    inside "$@" </dev/null >"$stage/out" 2>&1
    code=$?
    [ "$code" -ne 0 ] || return 0
    case $code in 137 | 143) code=124 ;; esac
    trustworthy || unavailable "the validator was hindered: $(tail -n 1 "$stage/out" | head -c 200)"
    printf 'failed %s %s\n' "$number" "$code"
    tell_output
    exit 0
}

# A refusal that our own arrangement caused says nothing about the change.
trustworthy() {
    said=$(head -c 65536 "$stage/out")
    case $said in *'Read-only file system'*) return 1 ;; esac
    [ "$FETTLE_UID" = 0 ] || case $said in *'unshare: '*) return 1 ;; esac
    return 0
}

tell_output() {
    head -c 16384 "$stage/out" | while IFS= read -r said || [ -n "$said" ]; do
        printf '| %s\n' "$said"
    done
}

find_limiter() {
    if timeout -k 1 5 true 2>/dev/null; then limiter="timeout -k 1 $seconds"
    elif timeout 5 true 2>/dev/null; then limiter="timeout $seconds"
    else unavailable "timeout is not installed"; fi
}

main() {
    dir=$1
    [ -f "$dir/manifest" ] || { echo "usage: sh prove DIR" >&2; exit 64; }
    [ "$#" -eq 2 ] || enter
    stage=$2
    [ -n "$stage" ] || open_stage
    seconds=30 number=0
    each validate-timeout set_timeout
    find_limiter
    copy_tree || read_only_tree || unavailable "neither overlays nor read-only copies can be had"
    each edit write_new
    each create write_created
    each validate validate
    [ "$number" -gt 0 ] || unavailable "there is nothing to validate with"
    echo ok
}

main "$@"
