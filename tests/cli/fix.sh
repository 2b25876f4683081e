#!/bin/sh
# fix.sh: the guided fix asks at a terminal, and only there; what --dry-run shows is what it does.
. "$(dirname "$0")/common.sh"
command -v script >/dev/null || exit 77
line="'$fettle' fix sick -p folder=$room/svc --no-color"

answer '200'
expect 0 'healthy needs no terminal' sick fix
answer 'it answers 502'
cp "$room/svc/answer" "$room/was"
expect 5 'a question without a terminal' sick fix
check 'points to plan' warned 'plan sick'
check 'points to apply' warned 'apply plan.json'
check 'and changes nothing' cmp -s "$room/svc/answer" "$room/was"
expect 2 'a dry run needs none' sick fix --dry-run
check 'and changes nothing' cmp -s "$room/svc/answer" "$room/was"
diff_of "$room/out" >"$room/dry"
check 'it shows a diff' [ -s "$room/dry" ]

expect_at_terminal 2 'no' 'n\n' "$line"
check 'changes nothing' cmp -s "$room/svc/answer" "$room/was"
expect_at_terminal 2 'an empty answer is no' '\n' "$line"
expect_at_terminal 2 'end of file is no' '\004' "$line"
expect_at_terminal 2 'quit' 'q\n' "$line"
expect_at_terminal 130 'Ctrl-C at the question' '\003' "$line"
check 'changes nothing' cmp -s "$room/svc/answer" "$room/was"
check 'and closes the record' [ "$("$fettle" show last --json | jq .exit)" = 130 ]
expect_at_terminal 0 'details, then yes' 'd\ny\n' "$line"
check 'changes the file' grep -q 'it answers 200' "$room/svc/answer"
check 'says how to take it back' said 'undo 2'
diff_of "$room/out" | sed '/^$/q' >"$room/fixed"
check 'by the diff of the dry run' cmp -s "$room/dry" "$room/fixed"
expect_at_terminal 5 'undo asks, no' 'n\n' "'$fettle' undo last --no-color"
expect_at_terminal 0 'undo asks, yes' 'y\n' "'$fettle' undo last --no-color"
check 'and puts back' cmp -s "$room/svc/answer" "$room/was"
expect_at_terminal 0 'the other way' 'a\n2\ny\n' "$line"
check 'is what was chosen' [ "$(cat "$room/svc/answer")" = 200 ]
check 'the answers are on record' [ "$(jq -r 'select(.kind == "answer").fix' \
    "$(ls -t "$room"/state/fettle/runs/*/record.jsonl | head -n1)")" = bad-answer/empty-answer ]
answer 'it answers 502, hopeless'
cp "$room/svc/answer" "$room/was"
expect_at_terminal 7 'a fix that does not help' 'y\n' "$line"
check 'is put back' cmp -s "$room/svc/answer" "$room/was"
finish
