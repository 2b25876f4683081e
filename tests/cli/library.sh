#!/bin/sh
# library.sh: list, explain, lint, hosts and parse.
. "$(dirname "$0")/common.sh"

expect 0 'list' "$fettle" list
check 'names the playbook' said 'bad-answer'
expect 0 'list --json' "$fettle" list --json
check 'as JSON' [ "$(jq -r '.incidents[0].playbooks[0].playbook' "$room/out")" = bad-answer ]
expect 0 'explain' "$fettle" explain bad-answer
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
