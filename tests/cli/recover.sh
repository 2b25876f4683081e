#!/bin/sh
# recover.sh: what a killed transaction leaves is told by every run that meets it, and put back; and the
# same fix is not made again and again.
. "$(dirname "$0")/common.sh"
plan=$room/plan.json
fix=bad-answer/set-answer
if [ "$(id -u)" -eq 0 ]; then base=/var/lib/fettle; else base=$room/state/fettle/target; fi
mkfifo "$room/svc/pipe"

# Kills the program and then the transaction, in the middle of the wait for the word.
cut_off() {
    answer 'it answers 502, slow'
    cp "$room/svc/answer" "$room/was"
    sick plan -o "$plan" >/dev/null 2>&1
    : >"$room/out"
    "$fettle" apply "$plan" --approve "$fix" >"$room/out" 2>"$room/err" &
    pid=$!
    tries=0
    while ! said 'asking whether' && [ $tries -lt 300 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    name=$(ls -t "$base" | grep '^2' | head -n 1)
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    kill -KILL "$(cat "$base/$name/pid")"
    check 'the change is half made' grep -q 'it answers 200' "$room/svc/answer"
}

expect 0 'recover where nothing is' "$fettle" recover
check 'says so' said 'nothing is left unfinished'
cut_off
expect 0 'diagnose' sick diagnose
check 'tells of it' said "Unfinished: run $name of"
check 'points to recover' said 'fettle recover'
check 'and to the line without fettle' said "$base/$name/txn recover"
check 'and changes nothing' grep -q 'it answers 200' "$room/svc/answer"
expect 0 'diagnose --json' sick diagnose --json
check 'has it for bots' [ "$(jq -r '.hosts[0].unfinished' "$room/out" | grep -c "$name")" = 1 ]
expect 0 'report' "$fettle" report "$name"
check 'has the line without fettle' said "sh $base/$name/txn recover"
echo 'hosts: {localhost: {address: 127.0.0.9, transport: local}}' >"$room/others.yaml"
expect 5 'recover where the name is another host by now' "$fettle" recover "$name" -i "$room/others.yaml"
check 'says so' warned 'host "localhost" has another address in the inventory than in that run'
check 'and changes nothing' grep -q 'it answers 200' "$room/svc/answer"
expect 0 'recover' "$fettle" recover "$name"
check 'says what it did' said 'is put back'
check 'puts back the bytes' cmp -s "$room/svc/answer" "$room/was"
check 'frees the lock' [ "$(cat "$base"/lock/*)" = free ]
check 'leaves no mark' [ -z "$(ls "$base/unfinished")" ]
expect 0 'recover again' "$fettle" recover "$name"
expect 5 'a run that is not there' "$fettle" recover nobody-s -H localhost
expect 64 'a run that is not known' "$fettle" recover nobody-s
expect 2 'diagnose after it' sick diagnose
check 'has nothing to tell' [ "$(grep -c Unfinished "$room/out")" = 0 ]

cut_off
sh "$base/$name/txn" recover >"$room/out"
check 'by hand: 0' [ $? -eq 0 ]
check 'the bytes are back' cmp -s "$room/svc/answer" "$room/was"

# The next change puts it back first, and then finds that the host is not what its plan was made for.
cut_off
cp "$room/svc/answer" "$room/now"
sed -i 's/it answers 200/it answers 502/' "$room/svc/answer"
sick plan -o "$plan" >/dev/null 2>&1
cp "$room/now" "$room/svc/answer"
expect 5 'apply over what is unfinished' "$fettle" apply "$plan" --approve "$fix"
check 'tells what it put back' said "putting back what run $name had left"
check 'the bytes are back' cmp -s "$room/svc/answer" "$room/was"

# Three times an hour, whoever asks, and however it ends: these were three.
answer 'it answers 502'
cp "$room/svc/answer" "$room/was"
expect 2 'a plan for the fourth time' sick plan -o "$plan"
check 'foresees the refusal' warned 'it will be refused now, since it was made 3 times'
check 'for bots too' [ "$(jq -r '.hosts[0].fixes[0].over_budget' "$plan" | grep -c 'made 3 times')" = 1 ]
expect 5 'the fourth time' "$fettle" apply "$plan" --approve "$fix"
check 'with the history' warned_or_said "made 3 times here within the last hour: at "
check 'nothing was touched' cmp -s "$room/svc/answer" "$room/was"
# The clock may jump as it likes: within one boot its uptime decides.
cp "$base/budget" "$room/budget"
awk '{ $1 = $1 - 90000; print }' "$room/budget" >"$base/budget"
expect 5 'the clock jumped forward' "$fettle" apply "$plan" --approve "$fix"
awk '{ $1 = $1 + 90000; print }' "$room/budget" >"$base/budget"
expect 5 'the clock jumped back' "$fettle" apply "$plan" --approve "$fix"
up=$(cut -d. -f1 /proc/uptime)
if [ "$up" -gt 3600 ]; then
    awk '{ $2 = $2 - 3600; print }' "$room/budget" >"$base/budget"
    expect 2 'a plan an hour later' sick plan -o "$plan"
    check 'foresees nothing' [ "$(jq -r '.hosts[0].fixes[0].over_budget' "$plan")" = null ]
    expect 0 'an hour later' "$fettle" apply "$plan" --approve "$fix"
    check 'what is old is left out' [ "$(wc -l <"$base/budget")" = 1 ]
fi
finish
