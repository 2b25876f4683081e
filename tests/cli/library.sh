#!/bin/sh
# library.sh: list, explain, lint, hosts and parse.
. "$(dirname "$0")/common.sh"

expect 0 'list' "$fettle" list
check 'names the playbook' said 'bad-answer'
expect 0 'list --json' "$fettle" list --json
check 'as JSON' [ "$(jq -r '.incidents[0].playbooks[0].playbook' "$room/out")" = bad-answer ]
expect 0 'explain' "$fettle" explain bad-answer
check 'the playbook comes first' [ "$(head -n1 "$room/out" | cut -d: -f1)" = bad-answer ]
check 'what it may run' said 'cat -- <path>'
check 'what it may edit' said '/tmp/<path>'
check 'its parameters' said '-p tries=1'
expect 0 'explain --json' "$fettle" explain sick --json
check 'as JSON' [ "$(jq -r '.playbooks[0].edits[0]' "$room/out")" = '/tmp/<path>' ]
expect 64 'explain what is not there' "$fettle" explain well

expect 0 'lint' "$fettle" lint "$room/data/playbooks"
check 'says ok' said 'bad-answer.yaml: ok'
printf 'playbook: x\nincident: sick\ntitel: "y"\nsteps: 3\n' >"$room/wrong.yaml"
expect 65 'lint of a wrong one' "$fettle" lint "$room/wrong.yaml" "$room/data/playbooks"
check 'with file, line and column' grep -q 'wrong.yaml:3:1: ' "$room/err"
check 'all problems at once' [ "$(grep -c wrong.yaml: "$room/err")" -ge 2 ]
expect 65 'lint --json' "$fettle" lint --json "$room/wrong.yaml"
check 'as one document' [ "$(jq '.problems|length > 1' "$room/out")" = true ]
: >"$room/nothing.yaml"
expect 65 'lint of an empty file' "$fettle" lint "$room/nothing.yaml"
expect 65 'lint of no file' "$fettle" lint "$room/none.yaml"

cat >"$room/hosts.yaml" <<'YAML'
hosts:
  web1: {address: 192.0.2.10, user: ops, port: 2222}
groups:
  edge: [web1]
YAML
expect 0 'hosts' "$fettle" hosts -i "$room/hosts.yaml"
check 'as resolved' said 'ops@192.0.2.10:2222'
expect 0 'hosts --json' "$fettle" hosts -i "$room/hosts.yaml" --json
check 'with groups' [ "$(jq -r '.groups.edge[0]' "$room/out")" = web1 ]
expect 0 'hosts --check of this machine' "$fettle" hosts --check
check 'as whom' said "reached as $(id -un), local"
if [ "$(id -u)" -eq 0 ]; then
    check 'root has all rights' [ "$(grep -c 'not root' "$room/out")" -eq 0 ]
else
    check 'what another user has not' said "not root (uid $(id -u)): some reads and all fixes may be refused"
fi
holds() { jq -e "$@" "$room/out" >"$room/held"; }
expect 0 'the same as JSON' "$fettle" hosts --check --json
check 'with all that a bot asks for' holds --arg name "$(id -un)" --argjson uid "$(id -u)" '.hosts[0] |
    .reached == true and .as == $name and .uid == $uid and .root == ($uid == 0) and .by == "local" and
    .way == null and .login == null and .note == null and .took_ms >= 0 and (has("error") | not)'

# Nobody listens on port 1 of loopback: a refused connection, whatever the machine's sshd does.
# An ssh configuration of its own keeps the machine's out of it.
printf 'Host *\n  StrictHostKeyChecking no\n' >"$room/ssh_config"
cat >"$room/far.yaml" <<'YAML'
hosts:
  far: {address: 127.0.0.1, port: 1, user: ops, transport: ssh}
  far-too: {address: 127.0.0.1, port: 1, user: ops, transport: ssh, become: sudo}
  here: {transport: local}
YAML
FETTLE_SSH_CONFIG=$room/ssh_config
export FETTLE_SSH_CONFIG
expect 4 'hosts that refuse' "$fettle" hosts --check -i "$room/far.yaml" -H all
check 'which, and why, in one line' grep -q '^far  .*ops@127.0.0.1:1  .*not reached: .*refused.*, ssh, [0-9]* ms$' "$room/out"
check 'the next one too' grep -q '^far-too .*not reached: ' "$room/out"
check 'and the others are asked all the same' said "reached as $(id -un), local"
expect 4 'the same as JSON' "$fettle" hosts --check -i "$room/far.yaml" -H all --json
check 'not reached, and why' holds '.hosts[] | select(.host == "far") | .reached == false and
    (.error | test("refused")) and .by == "ssh" and (.took_ms | type) == "number" and
    (has("uid") or has("as") | not)'
if command -v ssh >/dev/null 2>&1; then
    check 'who would log in' holds '.hosts[] | select(.host == "far") | .login == "ops"'
    check 'that the check of keys stays on' \
        holds '.hosts[] | select(.host == "far") | .note | test("StrictHostKeyChecking")'
fi
expect 0 'hosts without --check connects to none' "$fettle" hosts -i "$room/far.yaml" --json
check 'and says nothing of it' holds '[.hosts[] | has("reached") or has("by")] | any | not'
expect 4 'a diagnosis over there' sick diagnose -i "$room/far.yaml" -H far --events
check 'how it is reached, as it happens' holds -s 'any(.[]; .event == "way" and .host == "far" and .by == "ssh")'
check 'and in the record' [ "$("$fettle" show last --json | jq -r .hosts[0].status)" = unreachable ]
check 'with the way' grep -q '"kind": *"way"' "$room"/state/fettle/runs/*/*
if command -v ssh >/dev/null 2>&1; then
    expect 4 'a diagnosis with all reads' sick diagnose -i "$room/far.yaml" -H far -v
    check 'the way' said 'far  over ssh as ops'
    check 'what it did not follow' said 'far  StrictHostKeyChecking is "no"'
    expect 0 'the run again' "$fettle" show last -v
    check 'with the way' said 'far  over ssh as ops'
fi
unset FETTLE_SSH_CONFIG

printf '%s\n' '2026/04/04 08:12:33 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.9, server: _, request: "GET / HTTP/1.1", upstream: "http://127.0.0.1:8080/", host: "x"' \
    'nonsense' >"$room/error.log"
expect 0 'parse a file' "$fettle" parse nginx-error "$room/error.log"
check 'as an array' [ "$(jq -r '.[0].errno' "$room/out")" = 111 ]
check 'an object a line' [ "$(wc -l <"$room/out")" -eq 4 ]
"$fettle" parse nginx-error <"$room/error.log" >"$room/out2"
check 'standard input too' [ "$(jq length "$room/out2")" = 2 ]
cat >"$room/odd.yaml" <<'YAML'
hosts:
  record: {transport: replay}
  here: {transport: local}
YAML
expect 4 'a host that there is no way to' "$fettle" hosts --check -i "$room/odd.yaml" --json
check 'does not keep the others from being asked' \
    [ "$(jq -c '[.hosts[] | select(.host != "localhost") | .reached]' "$room/out")" = '[false,true]' ]
mkdir -p hosts
echo 'hosts: [' >hosts/broken.yaml
expect 0 'a filter needs no inventory' "$fettle" parse nginx-error "$room/error.log"
rm -r hosts
expect 64 'parse an unknown kind' "$fettle" parse nothing "$room/error.log"
check 'names those there are' warned 'nginx-error'
expect 1 'parse what is not there' "$fettle" parse nginx-error "$room/none"
finish
