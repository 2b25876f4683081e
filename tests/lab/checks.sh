# checks.sh: what the runner demands of fettle in each case; sourced by run.
#
# A case is a file of shell words (README.md says which).  Its functions run inside the host, its
# expectations are read here.  Everything that is found wrong is a line in $seen/failures; a case
# goes on after one, since the later checks tell more.
#
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # the cases set the expectations, the runner $work, $image, $fettle and $php

roots="/etc /run /srv /tmp /var/tmp /var/lib/nginx /var/lib/php /var/log"
configuration='^([a-z0-9-]+:)?/(etc|srv)/[^|]* \| (file|link)'
columns_config=1-6   # content, owner, mode, access list
columns_untouched=1-7 # … and the time of the last change
services="nginx.service shop-app.service"

wrong() {
    echo "$*" >>"$seen/failures"
}

expect() { # expect WHAT EXPECTED ACTUAL
    [ "$2" = "$3" ] || wrong "$1: expected \"$2\", got \"$3\""
}

inside() {
    host_in "$host" "$@"
}

# A function of the case, with the site's words, inside the host; the backend's inside the backend's.
inside_case() {
    local where=$host
    case $1 in backend_*) where=$backend ;; esac
    # shellcheck disable=SC2016 # for the shell inside
    host_in "$where" timeout 60 env "backend_address=$backend_address" \
        bash -eu -o pipefail -c '. "$1/site.sh"; . "$2"; "$3"' case "$lab_here" "$case_file" "$1"
}

asked() {
    inside curl -q -sS -k -o /dev/null --max-time 10 -w '%{http_code}' "$url" 2>/dev/null || :
}

snapshot() { # snapshot NAME
    local where
    : >"$seen/$1.files"
    : >"$seen/$1.processes"
    for where in $hosts; do
        # A file is called PATH on the host itself, NAME:PATH on the backend's.
        # shellcheck disable=SC2086 # one word a root
        host_in "$where" python3 "$lab_here/snapshot" $roots | sed "/^\//s|^|$where:|; s|^$host:||" >>"$seen/$1.files"
        host_in "$where" ps -eo args= | grep -v "^ps -eo\|^php-fpm\|^nginx\|gunicorn\|uwsgi\|^\[" |
            sort -u | sed "s|^|$where: |" >>"$seen/$1.processes"
    done
    sort -u -o "$seen/$1.processes" "$seen/$1.processes"
    # A log that is a link to a stream would be this shell's own.
    # shellcheck disable=SC2016 # for the shell inside
    inside sh -c '[ -L "$1" ] || cat "$1"' sh /var/log/nginx/access.log >"$seen/$1.access"
    # shellcheck disable=SC2016 # for the shell inside
    inside sh -c '[ -L "$1" ] || cat "$1"' sh /var/log/nginx/error.log >"$seen/$1.error"
}

# What a login over SSH and sudo leave: who was here when, the user's own journal, and sudo's own tickets.
logins='^([a-z0-9-]+:)?(/var/log/(lastlog|wtmp|btmp|faillog|auth\.log|journal/[0-9a-f]+/user-[0-9]+\.journal)|/run/(utmp|sudo(/.*)?|motd\.dynamic(\.new)?|user(/.*)?|systemd/(sessions|users|inhibit|transient)(/.*)?)) '

selected() { # selected FILE PATTERN BUT
    { [ "$via" = local ] && cat "$1" || grep -vE "$logins" "$1" | sed -E "s/^(([a-z0-9-]+:)?\/(run|run\/systemd) \| folder \|.*) \| [^|]* \| [^|]* \| [^|]*$/\1/"; } |
        grep -E "$2" | grep -vE "$moves" | awk -F ' [|] ' -v but=" $3 /etc/alternatives/php-fpm.sock " 'index(but, " " $1 " ") == 0'
}

# same BEFORE AFTER COLUMNS WHAT [PATTERN [BUT]]: the files that PATTERN selects, but not those of
# the list BUT.  The link that Debian's service file keeps for PHP-FPM comes and goes with the service.
same() {
    local before after
    before=$(selected "$seen/$1.files" "${5:-.}" "${6-}" | cut -d'|' -f"$3")
    after=$(selected "$seen/$2.files" "${5:-.}" "${6-}" | cut -d'|' -f"$3")
    [ "$before" = "$after" ] || wrong "$4" $'\n'"$(diff <(echo "$before") <(echo "$after") | grep '^[<>]' | head -8)"
}

# A name that nginx resolves for a request, or cannot.
resolving='(while resolving, resolver: |could not be resolved |no resolver defined to resolve ).*'

# What nginx says besides about a request that fails at its upstream: of auth_request, and as that upstream itself.
echoes='internal redirection cycle while|limiting requests, excess: [0-9.]+ by zone|[0-9]+ worker_connections are not enough$|auth request unexpected status: 50[0-9] while|broken header: "GET |^(Host|Connection|User-Agent|Accept): |^.?$|^" while reading PROXY protocol'

# Log lines may only be added, and only for requests that fettle asked: of nginx in HTTP/1.1, and of the
# backend, which may be the same nginx, in what nginx speaks to it.
logs_grew_by_our_requests() { # BEFORE AFTER WHAT
    local kind size path
    path=/${url#*://*/}
    for kind in access error; do
        size=$(stat -c %s "$seen/$1.$kind")
        cmp -s -n "$size" "$seen/$1.$kind" "$seen/$2.$kind" || wrong "$3: nginx's $kind log was changed, not only continued"
        if tail -c "+$((size + 1))" "$seen/$2.$kind" | grep -vE "\"(GET|HEAD) $path HTTP/(1\.[01]|2\.0)\".*(\"curl/|upstream)|$resolving|$echoes"; then
            wrong "$3: nginx's $kind log has lines that no request of fettle made (see the log)"
        fi
    done
}

nothing_changed() { # BEFORE AFTER WHAT
    same "$1" "$2" 1-8 "$3 changed something on the host:"
    logs_grew_by_our_requests "$1" "$2" "$3"
    no_process_left "$1" "$2" "$3"
}

no_process_left() { # BEFORE AFTER WHAT
    local more
    more=$(comm -13 "$seen/$1.processes" "$seen/$2.processes" | grep -vE "$moves" || true)
    [ -z "$more" ] || wrong "$3 left a process:" $'\n'"$more"
}

# run_fettle NAME ARGUMENT…: output in $seen/NAME.out and .err, exit status in $status
run_fettle() {
    local name=$1
    shift
    status=0
    echo "+ $((SECONDS - start)) s: fettle $*"
    fettle_"$via" "$@" </dev/null >"$seen/$name.out" 2>"$seen/$name.err" || status=$?
    cat "$seen/$name.err"
    [ "$via" = local ] || lab_wait 20 "a login of fettle's does not end" logged_out
}

fettle_local() {
    inside timeout 170 "$fettle" "$@"
}

# From the controller, with a home of its own.
fettle_remote() {
    local on=()
    case $1 in diagnose | fix | plan) on=(-H "$host") ;; esac
    lab_in env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "HOME=$seen/home" \
        "USER=root" timeout 170 "$fettle" "$@" -i "$seen/hosts.yaml" "${on[@]}"
}

# ssh takes root's home from the password file: so the whole settings stand in the inventory too.
remote_prepare() {
    local where become=none
    [ "$user" = root ] || become=sudo
    mkdir -p -m 700 "$seen/home/.ssh"
    cp "$lab_dir/ssh/known_hosts" "$seen/home/.ssh/known_hosts"
    echo "hosts:" >"$seen/hosts.yaml"
    for where in $hosts; do
        [ "$where" != "$unlisted" ] || continue
        printf '  %s: {address: %s, user: %s, become: %s, transport: %s, identity: %s, known_hosts: %s}\n' "$where" \
            "$(cat "$lab_dir/host/$where/address")" "$user" "$become" "${transport/local/ssh}" \
            "$lab_dir/ssh/id_ed25519" "$seen/home/.ssh/known_hosts" >>"$seen/hosts.yaml"
    done
}

logged_out() {
    local where
    for where in $hosts; do
        ! host_in "$where" pgrep -f '^sshd: .*(@notty|\[priv\])' || return 1
    done
}

json() { # json NAME FILTER
    jq -r "$2" "$seen/$1.out" 2>/dev/null || echo "(no JSON)"
}

# What a case lets happen on the host in the middle; what is there then is what has to stay.
happens() { # happens FUNCTION SNAPSHOT
    declare -F "$1" >/dev/null || return 0
    inside_case "$1" || wrong "$1() failed"
    snapshot "$2"
}

# Running or not: a service that had failed, or that systemd keeps trying, on its way up or down,
# counts as put back when it is stopped again.
service_states() {
    local where
    for where in $hosts; do
        # shellcheck disable=SC2086 # one word a unit
        host_in "$where" systemctl show --property=Id,ActiveState -- $services "$fpm.service"
    done | sed 's/^ActiveState=\(failed\|activating\|deactivating\)$/ActiveState=inactive/' | paste -sd' '
}

params() {
    [ -z "$ask" ] || printf '%s\n' -p "url=$url"
}

check_diagnosis() {
    run_fettle diagnose diagnose nginx-502 "${ask[@]}" --json
    expect "exit of diagnose" "$exit" "$status"
    expect "host's status" "$host_status" "$(json diagnose '.hosts[0].status')"
    expect "confirmed causes" "$cause" "$(json diagnose '[.hosts[0].causes[] | select(.verdict == "confirmed").playbook] | join(" ")')"
    expect "recommended fix" "$recommended" "$(json diagnose '[.hosts[0].fixes[]? | select(.recommended).id] | join(" ")')"
    expect "exit in the JSON" "$status" "$(json diagnose .exit)"
    expect "causes without evidence" 0 "$(json diagnose '[.hosts[0].causes[] | select((.evidence | length) == 0)] | length')"
    if [ -n "$says" ]; then
        grep -qE -- "$says" "$seen/diagnose.out" || wrong "diagnose does not say \"$says\""
    fi
    json diagnose '.hosts[0] | .error // empty, (.causes[] | "cause \(.playbook): \(.summary)"), (.ruled_out[]? | "\(.playbook): \(.reason)")' >"$seen/findings"
}

# What was recorded comes to the same end without any host: then it is a record, and can be a test.
check_replay() {
    local run
    run=$(json diagnose .run)
    if [ "$via" = local ]; then
        inside cat "/root/.local/state/fettle/runs/$run/record.jsonl"
    else
        cat "$seen/home/.local/state/fettle/runs/$run/record.jsonl"
    fi >"$seen/record.jsonl" || :
    "$fettle" test "$seen/record.jsonl" >"$seen/replay" 2>&1 || wrong "its record, replayed:" $'\n'"$(cat "$seen/replay")"
    [ -z "$records" ] || sed "s|$lab_repo|/opt/fettle|g; s|$seen/||g" "$seen/record.jsonl" >"$records/$host.jsonl"
}

check_dry_run_and_plan() {
    run_fettle dry fix nginx-502 "${ask[@]}" --dry-run
    expect "exit of fix --dry-run" "$exit" "$status"
    snapshot dry
    nothing_changed diagnosed dry "fix --dry-run"
    run_fettle plan-said plan nginx-502 "${ask[@]}" -o "$plan"
    expect "exit of plan" "$exit" "$status"
    if [ "$via" = local ]; then inside cat "$plan"; else cat "$plan"; fi >"$seen/plan.out" || :
    snapshot planned
    nothing_changed dry planned plan
    expect "fixes of the diagnosis" "$(json plan "$fixes_shown")" "$(json diagnose "$fixes_shown")"
}
fixes_shown='[.hosts[0].fixes[]? | {id, title, recommended, validate, verify,
    changes: [.changes[] | {kind, host, path, diff, argv}]}] | tojson'

planned_diff() { # planned_diff PATH
    jq -j --arg id "$recommended" --arg path "$1" \
        '.hosts[0].fixes[] | select(.id as $i | $id | split(" ") | index($i)).changes[] | select(.kind == "edit" and .path == $path).diff' "$seen/plan.out"
}

# What apply did to the file is, byte for byte, what was shown.
check_edits() {
    local path copy label
    expect "files that the fix edits" "$edits" \
        "$(jq -r --arg id "$recommended" '[.hosts[0].fixes[] | select(.id as $i | $id | split(" ") | index($i)).changes[] | select(.kind == "edit").path] | join(" ")' "$seen/plan.out")"
    for path in $edits; do
        copy=$seen/$(basename "$path") label=a$path
        [ -e "$copy.before" ] || label=/dev/null
        inside cat "$path" >"$copy.after"
        touch "$copy.before"
        diff -U3 --label "$label" --label "b$path" "$copy.before" "$copy.after" >"$copy.real" || :
        planned_diff "$path" >"$copy.plan"
        cmp -s "$copy.plan" "$copy.real" ||
            wrong "plan's diff of $path is not what apply did:" $'\n'"$(diff "$copy.plan" "$copy.real" | head -8)"
        # On a terminal a carriage return is spelled out.
        [[ $(<"$seen/dry.out") == *"$(sed 's/\r/\\x0d/g' "$copy.real")"* ]] ||
            wrong "fix --dry-run does not print what apply did to $path"
        path=$(inside realpath "$path")
        if [ "$label" = /dev/null ]; then
            expect "owner and mode of the new file" "644 0:0" "$(inside stat -c '%a %u:%g' "$path")"
            continue
        fi
        same planned applied 1-5 "owner, mode or access list of $path changed:" "^$path \|"
    done
}

# What the journals on the hosts say was written and run is what the plan has: the hash of each new
# file, and each command word by word, in the plan's order.
check_journal() { # RUN
    local where planned journaled
    for where in $hosts; do
        planned=$(jq -r --arg id "$recommended" --arg host "$where" --arg via "$via" '
            .hosts[0].fixes[] | select(.id as $i | $id | split(" ") | index($i)) | [.changes[] | select($via == "local" or .host == $host)] |
            (.[] | select(.kind == "edit") | "write \(.path) \(.after_sha256)"),
            (.[] | select(.kind == "command") | "command \(.argv | join(" "))")' "$seen/plan.out")
        journaled=$(host_in "$where" sh -c 'cat "/var/lib/fettle/$1/journal" 2>/dev/null || :' sh "$1" |
            awk '$3 == "write" { print $3, $5, $6 } $3 == "command" { $1 = $2 = $4 = ""; print }' |
            sed 's/^ *//; s/  */ /g' | while IFS= read -r line; do
                # shellcheck disable=SC2059 # the journal has no backslash and no other percent sign
                printf "${line//%/\\x}\n"
            done)
        expect "journal of $where against the plan" "$planned" "$journaled"
    done
}

check_apply() {
    local path files=
    for path in $edits; do
        if inside test -e "$path"; then inside cat "$path" >"$seen/$(basename "$path").before"; fi
        files="$files $(inside realpath -m "$path")"
    done
    happens between planned
    before=$(service_states)
    run_fettle apply apply "$plan" --approve-recommended --json
    expect "exit of apply" "$apply" "$status"
    case $apply in
    5) expect "host's status after apply" refused "$(json apply '.hosts[0].status')" ;;
    0) expect "host's status after apply" fixed "$(json apply '.hosts[0].status')" ;;
    6) expect "host's status after apply" rolled-back "$(json apply '.hosts[0].status')" ;;
    7) expect "host's status after apply" not-fixed "$(json apply '.hosts[0].status')" ;;
    esac
    expect "HTTP status after apply" "$after" "$(asked)"
    if [ -n "$apply_says" ]; then
        # No pipe: grep ends at the first hit, and what writes into it then would have failed.
        grep -qE -- "$apply_says" "$seen/apply.out" "$seen/apply.err" || wrong "apply does not say \"$apply_says\""
    fi
    snapshot applied
    no_process_left planned applied apply
    json apply '.hosts[0] | .error // empty, (.fixes[]? | "\(.id): \(.status)")' >>"$seen/findings"
    if [ "$apply" = 5 ]; then
        nothing_changed planned applied "apply refused, but"
        return
    elif [ "$apply" != 0 ]; then
        expect "services after it was put back" "$before" "$(service_states)"
        same planned applied "$columns_untouched" "apply put back, but not everything:" "$configuration"
        no_file_left planned applied apply
        return
    fi
    check_edits
    check_journal "$(json apply .run)"
    same planned applied "$columns_untouched" "apply touched another file:" "$configuration" "$files"
    check_undo "$(json apply .run)"
}

check_undo() {
    happens later later
    run_fettle undo undo "$1" --yes
    expect "exit of undo" "$undo" "$status"
    snapshot undone
    if [ "$undo" != 0 ]; then
        nothing_changed later undone "undo refused, but"
        return
    fi
    same planned undone "$columns_config" "undo left a difference:" "$configuration"
    expect "services after undo" "$before" "$(service_states)"
    no_process_left planned undone undo
    no_file_left planned undone undo
}

# The service's own socket and pid file, systemd's notes of what runs and the link that Debian's
# service file keeps come and go with the service.
no_file_left() { # BEFORE AFTER WHAT
    local more
    more=$(comm -13 <(cut -d'|' -f1 "$seen/$1.files" | sort) <(cut -d'|' -f1 "$seen/$2.files" | sort) |
        grep -vE '^([a-z0-9-]+:)?(/run/php/[^/]*\.(sock|pid)|/run/systemd/(units|journal)/.*|/var/log/journal/.*|/etc/alternatives/php-fpm.sock) $') || :
    [ -z "$more" ] || wrong "$3 left a file:" $'\n'"$more"
}

case_run() {
    set -eu
    local start=$SECONDS
    seen=$work/$1 case_file=$lab_here/cases/$1.sh host=$1 fpm=php$php-fpm fpm_id=php${php/./-}-fpm
    pool=/etc/php/$php/fpm/pool.d/www.conf shop=/etc/nginx/sites-available/shop sock=/run/php/$fpm.sock
    local backend='' backend_address='' unlisted='' hosts via=local plan=/root/plan.json
    url=http://127.0.0.1/ broken=502 quiet='' edits='' says='' apply='' apply_says='' after='' ask=url undo=0 moves='^$'
    # shellcheck source=/dev/null
    . "$case_file"
    echo "$about" >"$seen/about"
    host_status=$status
    if [ "$ask" = url ]; then ask=(-p "url=$url"); else ask=(); fi
    hosts=$host
    if [ -n "$backend" ]; then
        backend=$host--$backend
        hosts="$host $backend"
    fi
    # shellcheck disable=SC2086 # one word a host
    host_start "$image" $hosts
    [ -z "$backend" ] || backend_address=$(cat "$lab_dir/host/$backend/address")
    recommended=${recommended/BACKEND/${backend_address//./-}} # as it is written in a fix's id
    if [ "$transport" != local ] || [ -n "$backend" ]; then
        via=remote plan=$seen/plan.json
        remote_prepare
    fi
    [ -z "$backend" ] || inside_case backend_site || { wrong "backend_site() failed" && return; }
    inside_case site || { wrong "site() failed" && return; }
    expect "HTTP status of the healthy site" 200 "$(asked)"
    declare -F damage >/dev/null && { inside_case damage || { wrong "damage() failed" && return; }; }
    [ -z "$backend" ] || ! declare -F backend_damage >/dev/null || inside_case backend_damage ||
        { wrong "backend_damage() failed" && return; }
    [ -n "$quiet" ] || expect "HTTP status of the broken site" "$broken" "$(asked)"
    snapshot broken
    check_diagnosis
    snapshot diagnosed
    nothing_changed broken diagnosed diagnose
    check_replay
    check_dry_run_and_plan
    [ -z "$recommended" ] || check_apply
    echo $((SECONDS - start)) >"$seen/seconds"
}
