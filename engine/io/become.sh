# become.sh: becomes another user through a sudo that is not content with `sudo -n` alone.
#
# Set before it by io/become.c: t, an unguessable token; u, the user, or empty; reader, the program
# of io/shell.c; mode, `tty` or `password`.  For `password` the next line of the stream is it.
# Says on standard output, after an empty line:  TOKEN here     the login's shell has come this far
#                                                TOKEN none     there is no sudo
#                                                TOKEN wrong    sudo read the password and said no
#                                                TOKEN unread   sudo did not even read it
# Else what the reader reads next is run as that user.  The password is only ever in a variable of
# this shell and in its pipes: `printf` and `print` are builtins, so it is in no argument list.

SHELL=/bin/sh # for script(1): the login shell may be csh
export SHELL reader u

tell() {
    echo
    echo "$t $1"
}

# Runs $1 with a terminal of its own, for a sudo that insists on one (requiretty), but over the
# streams that are here: a terminal would change the bytes on their way.
with_tty() {
    script -qec "exec $1 <&3 >&4 2>&5 3<&- 4>&- 5>&-" /dev/null \
        3<&0 4>&1 5>&2 </dev/null >/dev/null 2>&1
}

tell here
if ! command -v sudo >/dev/null; then
    tell none
    echo 'there is no sudo on this host' >&2
    exit 1
fi
# shellcheck disable=SC2016 # expanded where it is run
start='${u:+-u "$u"} -- sh -c "$reader" fettle'
if [ "$mode" = tty ]; then
    command -v script >/dev/null || exit 1
    with_tty "sudo -n $start"
    exit
fi

# mksh has no printf of its own.
if (PATH=/nonexistent && printf x) >/dev/null 2>&1; then
    say() { printf '%s\n' "$1"; }
else
    say() { print -r -- "$1"; }
fi

# One line is all that sudo gets, so a wrong one counts once.  What it left unread was not wrong.
try() {
    say "$w" | {
        "$@" >/dev/null && exit 0
        if IFS= read -r left; then exit 2; fi
        exit 1
    }
}

IFS= read -r w
how=eval
try eval "sudo -S -p '' -v"
status=$?
if [ "$status" = 2 ] && command -v script >/dev/null; then
    how=with_tty
    try with_tty "sudo -S -p '' -v"
    status=$?
fi
case $status in
1) tell wrong ;;
2) tell unread ;;
esac
[ "$status" = 0 ] || exit 1

# sudo may read the password again, or not at all: the reader passes over what comes before its
# first line.  The forwarding cat would outlive sudo, until the stream ends: so it is ended.
{
    sh -c 'echo "$PPID"'
    say "$w"
    w=
    exec cat
} | {
    IFS= read -r pid
    $how "sudo -S -p '' $start"
    status=$?
    kill "$pid"
    exit "$status"
}
