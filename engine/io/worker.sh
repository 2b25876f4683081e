# worker.sh: the small loop on a host that runs one read at a time.
#
# A request is one line:  TOKEN SECONDS BYTES COMMAND   (COMMAND is quoted for a shell, once)
# Its answer, after what the command wrote, is on both streams:  newline TOKEN " " STATUS newline
# SECONDS 0 runs nothing: it asks whether the loop is there.
#
# The client sends nothing while a request runs.  So a second reader of the same stream sees the
# end of the client at once, whatever the way here (a pipe, sudo, SSH), and ends the command.
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
cut='head -c'
# Both in one where it can be: every process counts on a sick host.
case $(echo yes | timeout --foreground -k 1 9 head -c 2) in
ye) bound='timeout -k 1' ;;
*)
    if timeout --foreground -k 1 9 true; then
        bound='timeout -k 1'
    elif command -v setsid; then
        own=setsid
    else
        group=
    fi
    case $(echo yes | head -c 2) in ye) ;; *) cut= ;; esac
    ;;
esac

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

# Runs the command with 1 and 5 as its output and error output; its status goes to 3.
job() {
    eval "$own ${bound:+$bound $time} $command" \
        '</dev/null 2>&5 3>&- 4>&- 5>&- 7>&- 8>&- 9>&- &'
    job=$!
    { read -r gone; finish $job; } <&7 >/dev/null 3>&- 4>&- 5>&- 8>&- 9>&- &
    watch=$!
    dog=
    if [ -z "$bound" ]; then
        watchdog $job </dev/null >/dev/null 3>&- 4>&- 5>&- 7>&- 8>&- 9>&- &
        dog=$!
    fi
    wait $job
    status=$?
    finish $job # what the command left behind would keep the pipes open
    # KILL, since mksh may lose a TERM that comes right after the fork; and waited for, since the
    # next line of the stream is not theirs to read.
    kill -KILL $watch $dog
    wait $watch $dog
    echo $status >&3
}

# As much as is asked for of what comes in; the rest is the writer's SIGPIPE.  The last thing that
# its subshell does.
some() {
    if [ -n "$cut" ]; then exec $cut "$bytes"; else exec cat; fi
}

while read -r token time bytes command <&7; do
    if [ "$time" = 0 ]; then
        answer 0
        continue
    fi
    status=$(
        exec 3>&1
        { job 5>&1 >&4 4>&- | some >&9; } 4>&1 | some >&8
    )
    answer "$status"
done
