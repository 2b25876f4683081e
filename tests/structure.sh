#!/bin/sh
# structure.sh: proves from the #include lines and the calls that the house is built as drawn.
#
# "A step cannot change a host" holds since only change/ can see io/changer.h, and script/ and
# change/ cannot see each other.  Usage: tests/structure.sh [FOLDER-OF-THE-REPOSITORY]
set -u
cd "${1:-$(dirname "$0")/..}/engine" || exit 1

faults=0
looked=0
fault() {
    echo "structure: $*" >&2
    faults=$((faults + 1))
}

# Which folders a folder may include: itself and those before it, and change/ and script/ not each
# other.
allowed() {
    case $1 in
    base) echo 'base' ;;
    model) echo 'base model' ;;
    io) echo 'base model io' ;;
    script) echo 'base model io script' ;;
    change) echo 'base model io change' ;;
    cli) echo 'base model io script change cli' ;;
    esac
}

includes() { sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]\([^>"]*\)[>"].*/\1/p' "$1"; }

# Who may see which outside library, and the one door to change.
owner_of() {
    case $1 in
    lua.h | lauxlib.h | lualib.h | lua5.4/* | luaconf.h) echo 'script' ;;
    yaml.h) echo 'model' ;;
    uv.h | uv/* | libssh2.h | libssh2_*.h) echo 'io' ;;
    jansson.h) echo 'model script change cli' ;;
    openssl/*) echo 'base' ;;
    io/changer.h) echo 'change io' ;;
    *) echo '' ;;
    esac
}

in_list() { case " $2 " in *" $1 "*) return 0 ;; esac; return 1; }

check_include() { # FILE FOLDER HEADER
    looked=$((looked + 1))
    owners=$(owner_of "$3")
    if [ -n "$owners" ] && ! in_list "$2" "$owners"; then
        fault "$1 includes $3, which is for $owners"
    fi
    case $3 in
    */*)
        other=${3%%/*}
        if [ -d "$other" ] && ! in_list "$other" "$(allowed "$2")"; then
            fault "$1 includes $3, but $2 may see only: $(allowed "$2")"
        fi
        ;;
    esac
}

# Of io/ only the door itself may see it: what runs reads has no business there.
check_door() { # FILE HEADER
    case $2:$1 in
    io/changer.h:io/reader* | io/changer.h:io/cache*) fault "$1 includes the door to change" ;;
    esac
}

# Printing and exiting is for cli/.  Exceptions: mem.c ends the program where memory ends,
# watchdog.c runs in a process of its own, and a faulty table in catalogue.c ends the program at
# its first use, which no test survives.  abort() as such is an assertion and may stand anywhere.
# The code is looked at without comments and strings.
code_of() {
    sed -e 's/"\([^"\\]\|\\.\)*"/""/g' -e 's://.*$::' "$1" |
        sed -e 's:/\*[^*]*\*/::g' -e '/^[[:space:]]*\/\*/,/\*\//d' -e '/^[[:space:]]*\*/d'
}
check_calls() { # FILE FOLDER
    case $1 in cli/* | base/mem.c | model/catalogue.c | script/watchdog.c) return ;; esac
    found=$(code_of "$1" | grep -nE \
        '(^|[^A-Za-z0-9_.>])(printf|vprintf|puts|putchar|perror|exit|_exit|_Exit|quick_exit|err|errx|warn|warnx)[[:space:]]*\(|(^|[^A-Za-z0-9_])std(out|err)([^A-Za-z0-9_]|$)')
    [ -z "$found" ] || fault "$1 prints or exits: $found"
}

for file in */*.c */*.h; do
    folder=${file%%/*}
    [ -n "$(allowed "$folder")" ] || fault "engine/$folder is in no drawing"
    for header in $(includes "$file"); do
        check_include "$file" "$folder" "$header"
        check_door "$file" "$header"
    done
    check_calls "$file" "$folder"
done

# One place wakes a coroutine, one puts it to sleep.
[ ! -d script ] || for call in lua_resume 'lua_yieldk\{0,1\}'; do
    count=$(cat script/*.c 2>/dev/null | grep -c "[^A-Za-z0-9_]${call}[[:space:]]*(")
    [ "$count" -le 1 ] || fault "script/ calls $call in $count places"
done

[ "$looked" -gt 100 ] || fault "only $looked include lines were found; is this the right folder?"
[ "$faults" -eq 0 ] || exit 1
echo "structure: $looked include lines, all as drawn"
