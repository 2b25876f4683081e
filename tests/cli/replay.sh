#!/bin/sh
# replay.sh: `fettle test`: a record says without any host what the hosts said.
. "$(dirname "$0")/common.sh"

record() { # record NAME: the newest run's
    cp "$room/state/fettle/runs/$(jq -r .run "$room/out")/record.jsonl" "$room/$1.jsonl"
}

answer 'it answers 502'
expect 2 'a diagnosis' sick diagnose --json
record cause
answer '200'
expect 0 'one of a healthy host' sick diagnose --json
record healthy
runs=$(ls "$room/state/fettle/runs")
rm -r "$room/svc"

expect 0 'both, though their host is gone' "$fettle" test "$room/cause.jsonl" "$room/healthy.jsonl"
check 'each is named' said "ok $room/cause.jsonl"
check 'and counted' said '2 as recorded, 0 not'
check 'nothing is recorded' [ "$runs" = "$(ls "$room/state/fettle/runs")" ]
check 'the host is not there again' [ ! -e "$room/svc" ]
expect 0 'a run by its name' "$fettle" test "$(echo "$runs" | head -n 1)"
mkdir -p "$room/tests/deep"
mv "$room/cause.jsonl" "$room/healthy.jsonl" "$room/tests/deep"
expect 0 'a folder of them' "$fettle" test "$room/tests"
check 'those within' said '2 as recorded'
expect 0 'JSON' "$fettle" test --json "$room/tests"
check 'one document' [ "$(jq -r '[.schema, .exit, (.tests | length), .tests[0].ok] | join(" ")' "$room/out")" = 'fettle/1 0 2 true' ]

sed '1!s/it answers 502/it answers 503/' "$room/tests/deep/cause.jsonl" >"$room/other.jsonl"
expect 65 'another answer of the host' "$fettle" test "$room/other.jsonl" "$room/tests"
check 'that one' said "not ok $room/other.jsonl"
check 'what has changed' said 'the causes were "bad-answer confirmed", they are ""'
check 'the others are tested all the same' said '2 as recorded, 1 not'
sed -i 's/"502", "200"/"502", "204"/' "$room/data/playbooks/sick/bad-answer.yaml"
expect 65 'a playbook that proposes other bytes now' "$fettle" test "$room/tests"
check 'which fix' said 'the fix bad-answer/set-answer is another one: it was'

expect 65 'no record' "$fettle" test "$room/empty"
check 'that is said' warned 'no record is there'
expect 65 'no such file' "$fettle" test "$room/nowhere.jsonl"
check 'that, too' said 'No such file'
head -n 3 "$room/tests/deep/cause.jsonl" >"$room/cut.jsonl"
expect 65 'a run that was cut off' "$fettle" test "$room/cut.jsonl"
check 'has no end' said 'has no end'
sed '1s/"asked":"[a-z]*",//' "$room/tests/deep/cause.jsonl" >"$room/older.jsonl"
expect 65 'one that does not say what was asked' "$fettle" test "$room/older.jsonl"
check 'cannot be replayed' warned 'what was asked for'
jq -c 'if .kind == "document" then .document.hosts = [] else . end' "$room/tests/deep/cause.jsonl" >"$room/hostless.jsonl"
expect 65 'one without a host' "$fettle" test "$room/hostless.jsonl"
check 'shows nothing' said 'has no host'
expect 64 'nothing at all' "$fettle" test
finish
