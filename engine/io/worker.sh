# worker.sh: the small loop on a host that runs one read at a time.
#
# A request is one line:  TOKEN SECONDS COMMAND   (COMMAND is quoted for a shell, once)
# Its answer, after what the command wrote, is on both streams:  newline TOKEN " " STATUS newline
# SECONDS 0 runs nothing: it asks whether the loop is there.
#
# While a request runs the client sends nothing but an empty line, which ends the command: it has
# heard enough.  So a second reader of the same stream sees that, and the end of the client at once,
# whatever the way here (a pipe, sudo, SSH).  For a read there are three processes on the host: that
# reader, timeout and the command.
#
# dash, bash, busybox and mksh run this.  `echo` and not `printf`: mksh has no such builtin, and
# the token would be in an argument list for all to see.

LC_ALL=C LANGUAGE=C TERM=dumb
PATH=${PATH:-/usr/local/bin:/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL LANGUAGE TERM PATH
unset ENV BASH_ENV CDPATH GREP_OPTIONS GREP_COLORS IFS
unalias -a
# 7: requests, 8: output, 9: error output; what this shell itself has to say, nobody needs.
exec 7<&0 8>&1 9>&2 </dev/null >/dev/null 2>&1

# GNU's timeout (the one that knows --foreground) puts a command into a process group of its own,
# so that one signal ends all of it.  Busybox's does not, and lingers: there, and where none is, a
# session makes the group and a watchdog of ours keeps the time.
bound=
group=yes
own=
if timeout --foreground -k 1 9 true; then
    bound='timeout -k 1'
elif command -v setsid; then
    own=setsid
else
    group=
fi

answer() {
    echo "
$token $1" >&8
    echo "
$token $1" >&9
}

# Ends job $1 with all of its group, if it has one of its own.
finish() {
    [ -z "$group" ] || kill -KILL "-$1"
    kill -KILL "$1"
}

# In steps of a second: who kills this leaves a sleep behind, but not for long.
watchdog() {
    while [ "$time" -gt 0 ]; do
        sleep 1
        time=$((time - 1))
    done
    if [ -n "$group" ]; then kill -TERM "-$1"; else kill -TERM "$1"; fi
    sleep 1
    finish "$1"
}

# Leaves the command's status in $status.
run() {
    eval "$own ${bound:+$bound $time} $command" '</dev/null >&8 2>&9 7>&- 8>&- 9>&- &'
    job=$!
    { read -r gone; finish $job; } <&7 8>&- 9>&- &
    watch=$!
    dog=
    if [ -z "$bound" ]; then
        watchdog $job 7>&- 8>&- 9>&- &
        dog=$!
    fi
    wait $job
    status=$?
    finish $job # what the command left behind would write into the next answer
    # KILL, since mksh may lose a TERM that comes right after the fork; and waited for, since the
    # next line of the stream is not theirs to read.
    kill -KILL $watch $dog
    wait $watch $dog
}

while read -r token time command <&7; do
    [ -n "$token" ] || continue # the command ended before it was told to
    status=0
    [ "$time" = 0 ] || run
    answer "$status"
done
