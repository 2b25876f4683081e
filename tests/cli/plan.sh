#!/bin/sh
# plan.sh: a plan is applied as it was shown, or not at all; and a run can be taken back.
. "$(dirname "$0")/common.sh"
plan=$room/plan.json
fix=bad-answer/set-answer

answer '200'
expect 0 'nothing to plan for the healthy' sick plan -o "$plan"
answer 'it answers 502'
cp "$room/svc/answer" "$room/was"
expect 2 'a plan' sick plan -o "$plan"
check 'standard output is empty' silent out
sum=$(sha256sum "$plan" | cut -d' ' -f1)
check 'its SHA-256 is told' warned "sha256: $sum"
diff_of "$room/err" | sed '/^$/q' >"$room/planned"
expect 2 'a plan to standard output' sick plan -o -
check 'is the plan alone' [ "$(jq -s length "$room/out")" = 1 ]
expect 2 'a plan with its document' sick plan -o "$room/other.json" --json
check 'is one document' [ "$(jq -r .mode "$room/out")" = plan ]

expect 5 'nothing approved' "$fettle" apply "$plan"
expect 5 'an unknown fix' "$fettle" apply "$plan" --approve bad-answer/other
check 'is named' warned 'bad-answer/other'
expect 5 'two fixes of one cause' "$fettle" apply "$plan" --approve "$fix,bad-answer/empty-answer"
expect 5 'another plan' "$fettle" apply "$plan" --approve "$fix" --plan-sha256 00
check 'says which it is' warned "$sum"
cat >"$room/moved.yaml" <<'YAML'
hosts:
  localhost: {transport: local, become: sudo}
YAML
expect 5 'another login' "$fettle" apply "$plan" --approve "$fix" -i "$room/moved.yaml"
jq '.expires = "2001-01-01T00:00:00.000Z"' "$plan" >"$room/old.json"
expect 5 'an expired plan' "$fettle" apply "$room/old.json" --approve "$fix"
check 'says so' warned 'expired'
jq '.targets = {}' "$plan" >"$room/nowhere.json"
expect 5 'a plan that does not say where' "$fettle" apply "$room/nowhere.json" --approve "$fix"
echo '# a word more' >>"$room/data/playbooks/sick/bad-answer.yaml"
expect 5 'other playbooks' "$fettle" apply "$plan" --approve "$fix"
check 'says so' warned 'playbooks'
sed -i '$d' "$room/data/playbooks/sick/bad-answer.yaml"
jq '.hosts[0].fixes[0].changes[0].diff = "nothing to see"' "$plan" >"$room/lie.json"
expect 65 'a plan that shows something else' "$fettle" apply "$room/lie.json" --approve "$fix"
# A plan has been in a chat: whatever it would run or write must be declared, the way back, the
# validators and the checks too.
forged() { # WHAT JQ-FILTER
    jq "$2" "$plan" >"$room/forged.json"
    expect 5 "a plan with $1" "$fettle" apply "$room/forged.json" --approve "$fix"
    check 'says that it is not declared' warned 'does not declare'
    check 'nothing was touched' cmp -s "$room/svc/answer" "$room/was"
}
forged 'a command of its own' \
    '.hosts[0].fixes[0].changes += [{kind: "command", host: "localhost", argv: ["systemctl", "stop", "cron"],
        undo: null, note: null, timeout_s: 5}]'
forged 'a validator of its own' ".hosts[0].fixes[0].validate = [[\"$room/nginx\", \"-t\"]]"
forged 'a check of its own' '.hosts[0].fixes[0].checks[0].argv = ["ls", "-la", "--", "/root"]'
forged 'a file behind a symlink' '.hosts[0].fixes[0].changes[0].fingerprint.real = "/etc/crontab"'
echo '{' >"$room/broken.json"
expect 65 'a broken plan' "$fettle" apply "$room/broken.json" --approve "$fix"
echo 'and more' >>"$room/svc/answer"
expect 5 'a file that has changed since' "$fettle" apply "$plan" --approve "$fix"
check 'is left alone' grep -q 'it answers 502' "$room/svc/answer"
cp "$room/was" "$room/svc/answer"

# What leaves no record could never be looked up or taken back: on a full disk nothing is changed.
{ (trap '' XFSZ; ulimit -f 0; exec "$fettle" apply "$plan" --approve "$fix" 2>&1)
  echo "exit $?"; } </dev/null | cat >"$room/out"
check 'no record, no change: exit 1' said 'exit 1'
check 'and says why' said 'record of this run cannot be written'
check 'the file is as it was' cmp -s "$room/svc/answer" "$room/was"

expect 0 'apply' "$fettle" apply "$plan" --approve "$fix" --plan-sha256 "$sum" --json
check 'it is one document' [ "$(jq -s length "$room/out")" = 1 ]
check 'the fix is verified' [ "$(jq -r '.hosts[0].fixes[0].status' "$room/out")" = verified ]
check 'the host is fixed' [ "$(jq -r '.hosts[0].status' "$room/out")" = fixed ]
check 'the file is' grep -q 'it answers 200' "$room/svc/answer"
jq -r '.hosts[0].fixes[0].changes[0].diff' "$room/out" >"$room/applied"
check 'by the planned diff' [ "$(cat "$room/applied")" = "$(cat "$room/planned")" ]

expect 0 'show' "$fettle" show last
check 'tells it again' said 'Write 200 instead'
expect 0 'show --json' "$fettle" show last --json
check 'gives the document' [ "$(jq -r .mode "$room/out")" = apply ]
expect 0 'report' "$fettle" report last
check 'has a time line' said '## Time line'
check 'has the diff' said '+it answers 200'
expect 5 'undo without a terminal' "$fettle" undo last
check 'asks for --yes' warned '--yes'
echo 'my own line' >>"$room/svc/answer"
expect 5 'undo of a file that has changed since' "$fettle" undo last --yes
check 'leaves it alone' grep -q 'my own line' "$room/svc/answer"
sed -i '$d' "$room/svc/answer"
echo 'hosts: {localhost: {address: 127.0.0.9, transport: local}}' >"$room/others.yaml"
expect 5 'undo where the name is another host by now' "$fettle" undo last --yes -i "$room/others.yaml"
check 'says so' warned 'host "localhost" has another address in the inventory than in that run'
expect 0 'undo' "$fettle" undo last --yes
check 'puts the bytes back' cmp -s "$room/svc/answer" "$room/was"
expect 64 'undo again' "$fettle" undo last --yes

answer 'it answers 502, hopeless'
cp "$room/svc/answer" "$room/was"
sick plan -o "$plan" >/dev/null 2>&1
expect 7 'a fix that does not help' "$fettle" apply "$plan" --approve-recommended
check 'is put back' cmp -s "$room/svc/answer" "$room/was"
expect 0 'runs' "$fettle" runs
check 'names the outcome' said 'no cure, put back'
check 'has the newest first' [ "$(sed -n '1s/.* apply .*/yes/p' "$room/out")" = yes ]

# A file that is not there is created, for root; and taken away again, with the folder that it was given.
if [ "$(id -u)" -eq 0 ]; then
    answer 'it answers 502, unwritten'
    expect 2 'a plan that creates a file' sick plan -o "$plan"
    check 'shows that it is new' warned '--- /dev/null'
    check 'names it' warned "+++ b$room/svc/notes.d/note"
    check 'makes nothing yet' [ ! -e "$room/svc/notes.d" ]
    jq '.hosts[0].fixes[0].changes[0].fingerprint.mode = 2541' "$plan" >"$room/forged.json"
    expect 5 'a plan that would make a setuid file' "$fettle" apply "$room/forged.json" --approve bad-answer/write-note
    mkdir "$room/svc/notes.d"
    expect 5 'a folder that has come since' "$fettle" apply "$plan" --approve bad-answer/write-note
    check 'says so' warned_or_said 'the folder of '
    rmdir "$room/svc/notes.d"
    expect 0 'creating it' "$fettle" apply "$plan" --approve bad-answer/write-note
    check 'with its content' [ "$(cat "$room/svc/notes.d/note")" = 200 ]
    check 'for all to read' [ "$(stat -c %a "$room/svc/notes.d/note")" = 644 ]
    expect 0 'the report of it' "$fettle" report last
    check 'has the diff' said '+++ b'
    echo more >>"$room/svc/notes.d/note"
    expect 5 'undo of what has changed since' "$fettle" undo last --yes
    check 'leaves it alone' grep -q more "$room/svc/notes.d/note"
    sed -i '$d' "$room/svc/notes.d/note"
    expect 0 'undo of a new file' "$fettle" undo last --yes
    check 'takes it and its folder away' [ ! -e "$room/svc/notes.d" ]
fi

# Ctrl-C while the change waits to be confirmed.
answer 'it answers 502, slow'
mkfifo "$room/svc/pipe"
cp "$room/svc/answer" "$room/was"
sick plan -o "$plan" >/dev/null 2>&1
"$fettle" apply "$plan" --approve "$fix" >"$room/out" 2>"$room/err" &
pid=$!
tries=0
while ! said 'asking whether' && [ $tries -lt 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
check 'the change is made' grep -q 'it answers 200' "$room/svc/answer"
kill -INT "$pid"
wait "$pid"
got=$?
check "interrupted: exit 130, not $got" [ "$got" -eq 130 ]
check 'everything is put back' cmp -s "$room/svc/answer" "$room/was"
check 'and told' said 'everything was put back'
check 'and the record is closed' [ "$("$fettle" show last --json | jq .exit)" = 130 ]
finish
