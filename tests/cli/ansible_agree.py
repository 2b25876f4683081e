"""ansible_agree.py THEIRS OURS: does `fettle hosts --json` say what `ansible-inventory --list` does?

What fettle makes of Ansible's vars is written down here a second time, from Ansible's manual."""
import json
import sys

TRUE = (True, "true", "True", "yes", "y", "on", "1", 1, "t")


def last(variables, *names):
    found = None
    for name in names:
        found = variables.get(name, found)
    return found


def expected(name, variables):
    become = None
    if variables.get("ansible_become") in TRUE:
        user = last(variables, "ansible_become_user", "ansible_sudo_user")
        become = "sudo" if user in (None, "root") else "sudo:" + user
    port = last(variables, "ansible_port", "ansible_ssh_port")
    return {
        "address": last(variables, "ansible_host", "ansible_ssh_host") or name,
        "port": int(port or 0),
        "user": last(variables, "ansible_user", "ansible_ssh_user"),
        "identity": last(variables, "ansible_private_key_file", "ansible_ssh_private_key_file"),
        "transport": "local" if variables.get("ansible_connection") == "local" else "ssh",
        "become": become,
        "vars": {key: variables[key] for key in ("services",) if key in variables},
    }


def members(groups, name):
    group = groups.get(name, {})
    found = set(group.get("hosts", []))
    for child in group.get("children", []):
        found |= members(groups, child)
    return found


def main():
    with open(sys.argv[1], encoding="utf-8") as theirs, open(sys.argv[2], encoding="utf-8") as ours:
        theirs, ours = json.load(theirs), json.load(ours)
    variables = theirs.pop("_meta")["hostvars"]
    everybody = members(theirs, "all")
    rows = {row["host"]: row for row in ours["hosts"]}
    wrong = []
    for name in sorted(everybody | set(rows)):
        want = expected(name, variables.get(name, {})) if name in everybody else None
        have = {key: rows[name].get(key) for key in want} if want and name in rows else rows.get(name)
        if want != have or "error" in rows.get(name, {}):
            wrong.append(f"{name}: Ansible {want}, fettle {rows.get(name)}")
    for name in sorted(set(theirs) | set(ours["groups"])):
        if name != "all" and members(theirs, name) != set(ours["groups"].get(name, [])):
            wrong.append(f"group {name}: Ansible {sorted(members(theirs, name))}, fettle {ours['groups'].get(name)}")
    if not everybody:
        wrong.append("Ansible found nobody")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())
