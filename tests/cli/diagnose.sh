#!/bin/sh
# diagnose.sh: exit codes, JSON, events and text of a diagnosis.
. "$(dirname "$0")/common.sh"

printf 'hosts:\n  far: {address: 127.0.0.1, transport: ssh}\n' >"$room/far.yaml"
expect 4 'a host that there is no way to' sick diagnose -i "$room/far.yaml" -H far --json
check 'it is unreachable' [ "$(jq -r '.hosts[0].status' "$room/out")" = unreachable ]
answer '200'
expect 0 'healthy' sick diagnose
check 'it says so' said 'Healthy'
answer 'it answers 502'
before=$(stat -c '%i %Y %Z' "$room/svc/answer")
expect 2 'a cause' sick diagnose
check 'the cause is named' said 'The answer file says 502'
check 'with its evidence' said "cat -- $room/svc/answer"
check 'with its diff' said '+it answers 200'
check 'and what to type next' said "fix sick -p folder=$room/svc"
check 'no colours into a file' [ "$(grep -c "$(printf '\033')" "$room/out")" -eq 0 ]
check 'the file is untouched' [ "$before" = "$(stat -c '%i %Y %Z' "$room/svc/answer")" ]
expect 2 'quiet' sick diagnose -q
check 'two lines' [ "$(wc -l <"$room/out")" -eq 2 ]
expect 2 'verbose' sick diagnose -v
check 'shows commands with their times' grep -q 'ms  exit 0  cat' "$room/out"
answer 'teapot'
expect 3 'a symptom without a cause' sick diagnose
check 'what was ruled out is named with its reason' said 'no 502 in it'

answer 'it answers 502'
expect 2 'JSON' sick diagnose --json
check 'it is one document' [ "$(jq -s length "$room/out")" = 1 ]
check 'nothing else anywhere' silent err
check 'with the schema' [ "$(jq -r .schema "$room/out")" = fettle/1 ]
check 'with its exit code' [ "$(jq .exit "$room/out")" = 2 ]
check 'with the status' [ "$(jq -r '.hosts[0].status' "$room/out")" = cause-found ]
check 'with one recommended fix' [ "$(jq '[.hosts[0].fixes[]|select(.recommended)]|length' "$room/out")" = 1 ]
expect 2 'events' sick diagnose --events
check 'one object a line' [ "$(jq -s length "$room/out")" = "$(wc -l <"$room/out")" ]
check 'the last is the document' [ "$(tail -n1 "$room/out" | jq -r '.event + " " + .schema')" = 'document fettle/1' ]
check 'a verdict came before' [ "$(jq -r 'select(.event == "verdict").event' "$room/out" | head -n1)" = verdict ]

# What a host says cannot act on a terminal.
printf 'it answers 502 \033]0;owned\007\302\233\n' >"$room/svc/answer"
expect 2 'escapes in the evidence' sick diagnose
check 'are shown, not sent' [ "$(tr -d '\n -~\200-\377' <"$room/out" | wc -c)" -eq 0 ]
check 'C1 controls too' [ "$(grep -c "$(printf '\302\233')" "$room/out")" -eq 0 ]

answer '502'
TERM=xterm script -qefc "'$fettle' diagnose sick -p folder=$room/svc" "$room/colour" >/dev/null 2>&1
check 'colours at a terminal' grep -q "$(printf '\033')\[31m" "$room/colour"
NO_COLOR=1 TERM=xterm script -qefc "'$fettle' diagnose sick -p folder=$room/svc" "$room/colour" >/dev/null 2>&1
check 'none with NO_COLOR' [ "$(grep -c "$(printf '\033')\[" "$room/colour")" -eq 0 ]
TERM=xterm script -qefc "'$fettle' diagnose sick --no-color -p folder=$room/svc" "$room/colour" >/dev/null 2>&1
check 'none with --no-color' [ "$(grep -c "$(printf '\033')\[" "$room/colour")" -eq 0 ]

cat >"$room/bad.yaml" <<'YAML'
hosts:
  web1: {adress: 192.0.2.1}
  web2: {port: many}
YAML
expect 65 'a wrong inventory' sick diagnose -i "$room/bad.yaml"
check 'all of it at once' [ "$(grep -c "bad.yaml:[0-9]*:[0-9]*: " "$room/err")" -ge 2 ]
expect 64 'an unknown host' sick diagnose -H nowhere
sed -i 's/if not text:find/error("boom") if not text:find/' "$room/data/playbooks/sick/bad-answer.yaml"
expect 65 'a playbook that breaks' sick diagnose
check 'is named with its line' said 'bad-answer.yaml:15'
sed -i 's/error("boom") if/if if/' "$room/data/playbooks/sick/bad-answer.yaml"
expect 65 'a playbook that does not compile' sick diagnose
check 'is named with its line' warned 'bad-answer.yaml:15'
finish
