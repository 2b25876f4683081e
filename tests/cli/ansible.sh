#!/bin/sh
# ansible.sh: what fettle reads out of an Ansible inventory is what Ansible itself reads out of it.
if ! command -v ansible-inventory >/dev/null 2>&1; then
    echo "skipped: no ansible-inventory here (Debian: ansible-core)"
    exit 77
fi
. "$(dirname "$0")/common.sh"

# A program is only run where nobody else could have written it, which a checkout need not be.
cp -r "$here/data/ansible" "$room/ansible"
chmod -R go-w "$room/ansible"
: >"$room/ansible.cfg"
export ANSIBLE_CONFIG="$room/ansible.cfg" ANSIBLE_LOCALHOST_WARNING=false LC_ALL=C.UTF-8

agree() {
    ansible-inventory -i "$1" --list >"$room/theirs" 2>"$room/said" || {
        cat "$room/said" >&2
        return 1
    }
    "$fettle" hosts -i "$1" --json >"$room/ours" && python3 "$here/ansible_agree.py" "$room/theirs" "$room/ours"
}

for inventory in ini/hosts yaml/hosts.yml folder; do
    check "$inventory is read as Ansible reads it" agree "$room/ansible/$inventory"
done
cp "$room/theirs" "$room/listed"
check 'and so is what it answers to --list, kept in a file' sh -c '
    "$1" hosts -i "$2/listed" --json >"$2/ours" && python3 "$3/ansible_agree.py" "$2/theirs" "$2/ours"' \
    sh "$fettle" "$room" "$here"
finish
