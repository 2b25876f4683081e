#!/bin/sh
# wrong_playbook.sh: whatever is wrong with a playbook is told with its file and line, and no host is touched.
. "$(dirname "$0")/common.sh"
answer 'it answers 502'
cp "$room/svc/answer" "$room/was"
good=$room/good.yaml
cp "$room/data/playbooks/sick/bad-answer.yaml" "$good"
playbook=$room/data/playbooks/sick/bad-answer.yaml

line_of() { grep -n -m1 -F -- "$1" "$playbook" | cut -d: -f1; }

# refused WHAT LINE TEXT: neither a diagnosis nor a fix begins, and both name the place.
refused() {
    for how in diagnose 'fix --dry-run' fix; do
        # shellcheck disable=SC2086 # the words of a command line
        expect 65 "$1: $how" sick $how -v
        check "$1: names the file and line $2" warned "bad-answer.yaml:$2"
        check "$1: says \"$3\"" warned "$3"
        check "$1: no command was run" [ "$(grep -c ' ms  ' "$room/err" "$room/out" | grep -cv ':0$')" -eq 0 ]
    done
    expect 65 "$1: lint" "$fettle" lint "$playbook"
    check "$1: lint names line $2" warned "bad-answer.yaml:$2"
    cp "$good" "$playbook"
}

sed -i 's/^title:/titel:/' "$playbook"
refused 'an unknown key' "$(line_of titel:):1: " 'titel'
sed -i 's/^steps:/steps: 3\nstepz:/' "$playbook"
refused 'a wrong type' "$(line_of 'steps: 3'):8: " '"steps"'
cat >>"$playbook" <<'Y'
  - id: look
    title: "Look again"
    lua: |
      return inconclusive{ summary = "never reached" }
Y
refused 'a step that is there twice' "$(grep -n -F -- '- id: look' "$playbook" | tail -n1 | cut -d: -f1):" 'look'
sed -i '0,/^      local text/s//      if params.folder == "" then return go "nowhere" end\n&/' "$playbook"
refused 'a branch to a step that is not there' "$(line_of 'go "nowhere"')" 'nowhere'
sed -i "s/^commands:/&\\n\\t- \"cat -- <path>\"/" "$playbook"
refused 'a tab' "$(grep -n "$(printf '\t')" "$playbook" | head -n1 | cut -d: -f1):1: " 'tab'
: >"$playbook"
refused 'an empty file' '' 'empty'
head -c 52428800 /dev/zero | tr '\0' '#' >"$playbook"
refused '50 MB' '' 'too large'
sed -i 's/^      if not text:find/      if if not text:find/' "$playbook"
refused 'a syntax error in Lua' "$(line_of 'if if')" 'if'

# fails WHAT LINE TEXT: the step fails, which is no verdict about the host.
fails() {
    for how in diagnose 'fix --dry-run' fix; do
        # shellcheck disable=SC2086 # the words of a command line
        expect 65 "$1: $how" sick $how
        cat "$room/out" "$room/err" >"$room/all"
        check "$1: names the file and line $2" grep -qF -- "bad-answer.yaml:$2" "$room/all"
        check "$1: says \"$3\"" grep -qF -- "$3" "$room/all"
    done
    expect 65 "$1: as JSON" sick diagnose --json
    check "$1: is inconclusive" [ "$(jq -r '.hosts[0] | .status + " " + .causes[0].verdict' "$room/out")" = 'inconclusive inconclusive' ]
    check "$1: proposes nothing" [ "$(jq '.hosts[0].fixes | length' "$room/out")" = 0 ]
    cp "$good" "$playbook"
}

sed -i 's/^      if not text:find/      text = nil + 1\n&/' "$playbook"
fails 'a run-time error' "$(line_of 'nil + 1')" 'arithmetic'
sed -i 's/^      if not text:find/      while true do end\n&/' "$playbook"
fails 'an endless loop' "$(line_of 'while true')" 'instructions'
sed -i 's/^      if not text:find/      text = ("x"):rep(1 << 30)\n&/' "$playbook"
fails 'a string of 1 GB' "$(line_of '1 << 30')" 'memory'
sed -i 's/^      if not text:find/      for i = 1, 30 do text = text .. text end\n&/' "$playbook"
fails 'a string that doubles to 1 GB' "$(line_of 'text .. text')" 'memory'

check 'nothing was touched' cmp -s "$room/svc/answer" "$room/was"
finish
