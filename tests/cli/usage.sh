#!/bin/sh
# usage.sh: what is typed wrong is told in a line, with exit 64, and nothing is done.
. "$(dirname "$0")/common.sh"

expect 64 'no command' "$fettle"
check 'usage is on standard error' warned 'usage: fettle'
check 'and nothing on standard output' silent out
expect 64 'unknown command' "$fettle" mend
check 'it is named' warned '"mend"'
expect 64 'unknown option' "$fettle" diagnose sick --bogus
check 'it is named with the usage of the subcommand' warned 'usage: fettle diagnose'
expect 64 'unknown short option' "$fettle" runs -Z
expect 64 'missing value' "$fettle" diagnose sick -H
check 'the option is named' warned '--host'
expect 64 'value where there is none' "$fettle" runs --json=yes
expect 64 'no operand' "$fettle" diagnose
expect 64 'too many operands' "$fettle" diagnose sick well
expect 64 'an option of another command' "$fettle" diagnose sick --dry-run
expect 64 'a time-out that is no number' "$fettle" diagnose sick --timeout soon
expect 64 'a time-out of nothing' "$fettle" diagnose sick --timeout 0
expect 64 'a parameter without a value' "$fettle" diagnose sick -p folder
expect 64 'an unknown parameter' "$fettle" diagnose sick -p colour=red
check 'those that exist are named' warned 'folder, tries'
expect 64 'a parameter of the wrong type' "$fettle" diagnose sick -p "folder=$room" -p tries=many
check 'with its name' warned 'tries'
expect 64 'a plan without a file' "$fettle" plan sick -p "folder=$room/svc"
expect 64 'an unknown run' "$fettle" show 1999
expect 64 'no run to take back' "$fettle" undo last
check 'none of them has left a record' [ ! -e "$room/state/fettle/runs" ]

expect 0 'version' "$fettle" --version
check 'it is the version' grep -qx 'fettle 0\.[0-9.]*' "$room/out"
for command in diagnose fix plan apply undo runs show report list explain lint test hosts parse; do
    expect 0 "$command --help" "$fettle" "$command" --help
    check "$command has examples" said 'Examples:'
    check "$command has exit codes" said 'Exit codes:'
    cp "$room/out" "$room/help"
    expect 0 "help $command" "$fettle" help "$command"
    check "help $command is the same" cmp -s "$room/out" "$room/help"
done

answer '502'
expect 2 'options before the command and the operand' "$fettle" -q -p "folder=$room/svc" diagnose sick
expect 2 'also where the environment says otherwise' \
    env POSIXLY_CORRECT=1 "$fettle" diagnose sick -q -p "folder=$room/svc"
expect 2 'a double dash ends the options' "$fettle" diagnose -q -p "folder=$room/svc" -- sick
expect 64 'after it, an option is an operand' "$fettle" diagnose sick -- --json

# Started without one of the three descriptors: nothing of ours may take its number.
for way in '0<&-' '1>&-' '2>&-' '0<&- 2>&-'; do
    (eval 'exec "$fettle" diagnose sick -p "folder=$room/svc" --json' "$way") >"$room/out" 2>"$room/err" </dev/null
    got=$?
    check "with $way: exit 2, not $got" [ "$got" -eq 2 ]
done
check 'no word went into a record' [ -z "$(cat "$room"/state/fettle/runs/*/record.jsonl | jq -r .kind 2>&1 >/dev/null)" ]
finish
