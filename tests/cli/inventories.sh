#!/bin/sh
# inventories.sh: hosts from inventories of other programs and from the ssh configuration, as a person meets them.
. "$(dirname "$0")/common.sh"

# Without ssh, as where none is installed, nothing is asked of the system's own configuration.
mkdir "$room/ssh"
printf 'Host alias1 *.wild !not\n    HostName 192.0.2.1\nInclude %s/more\n' "$room/ssh" >"$room/ssh/config"
printf 'Host alias2\n' >"$room/ssh/more"
export FETTLE_SSH_CONFIG="$room/ssh/config"

cat >"$room/hosts" <<'INI'
[web]
web[1:2] ansible_connection=local
[strange]
box ansible_connection=docker ansible_password=geheim
INI

expect 0 'an INI inventory' "$fettle" hosts -i "$room/hosts"
check 'has its hosts' said 'web2'
check 'and groups' said 'group web: web1 web2'
check 'a host that cannot be used says why' said "hosts:4:5: its connection is \"docker\""
check 'aliases are listed as such' said "ssh alias alias1 ($room/ssh/config:1)"
check 'those of included files, too' said "ssh alias alias2 ($room/ssh/more:1)"
check 'patterns are none' [ "$(grep -c 'ssh alias' "$room/out")" -eq 2 ]
check 'a password is not taken, which is said' warned 'are not taken: fettle asks at the terminal'
check 'and it is nowhere to be seen' sh -c '! grep -q geheim "$1/out" "$1/err"' sh "$room"
expect 0 'as JSON' "$fettle" hosts -i "$room/hosts" --json
check 'hosts have their source' [ "$(jq -r '.hosts[0].source' "$room/out")" = "$room/hosts" ]
check 'and there are the aliases' [ "$(jq -r '[.aliases[].host] | join(" ")' "$room/out")" = 'alias1 alias2' ]
expect 0 'a part of it' "$fettle" hosts -i "$room/hosts" -H 'web*,!web1' --json
check 'is what the pattern means' [ "$(jq -r '[.hosts[].host] | join(" ")' "$room/out")" = web2 ]
expect 0 'an alias, without any inventory' "$fettle" hosts -H alias1 --json
check 'is a host' [ "$(jq -r '.hosts[0].host + " " + .hosts[0].transport' "$room/out")" = 'alias1 ssh' ]
expect 64 'a slip' "$fettle" hosts -H alais1
check 'gets a suggestion' warned 'did you mean "alias1"?'
expect 4 'what cannot be used is not reached' "$fettle" hosts -i "$room/hosts" --check -H box
check 'for that reason' said 'its connection is "docker"'

answer '502'
expect 2 'a diagnosis by way of an Ansible inventory' sick diagnose -i "$room/hosts" -H web1
expect 4 'one of a host that cannot be used' sick diagnose -i "$room/hosts" -H web1,box --json
check 'goes on with the others' [ "$(jq -r '[.hosts[].status] | join(" ")' "$room/out")" = 'cause-found unreachable' ]
check 'and the reason is in the document' [ "$(jq -r '.hosts[1].error | test("docker")' "$room/out")" = true ]

printf '#!/bin/sh\necho broken >&2\nexit 1\n' >"$room/program"
chmod 755 "$room/program"
expect 65 'a program that fails' "$fettle" hosts -i "$room/program"
check 'what it said is shown' warned 'it failed (--list, exit code 1): broken'
mkdir hosts
cp "$room/program" hosts/
expect 65 'a program that nobody named' "$fettle" hosts
check 'is not run' warned 'it is run only where -i names it'
finish
