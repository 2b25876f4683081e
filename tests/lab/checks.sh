# checks.sh: what the runner demands of fettle in each case; sourced by run.
#
# A case is a file of shell words (README.md says which).  Its functions run inside the host, its
# expectations are read here.  Everything that is found wrong is a line in $seen/failures; a case
# goes on after one, since the later checks tell more.
#
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # the cases set the expectations, the runner $work, $image, $fettle and $php

roots="/etc /run /srv /tmp /var/tmp /var/lib/nginx /var/lib/php /var/log"
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

# A function of the case, with the site's words, inside the host.
inside_case() {
    # shellcheck disable=SC2016 # for the shell inside
    inside timeout 60 bash -eu -o pipefail -c '. "$1/site.sh"; . "$2"; "$3"' case "$lab_here" "$case_file" "$1"
}

asked() {
    inside curl -q -sS -k -o /dev/null --max-time 10 -w '%{http_code}' "$url" 2>/dev/null || :
}

snapshot() { # snapshot NAME
    # shellcheck disable=SC2086 # one word a root
    inside python3 "$lab_here/snapshot" $roots >"$seen/$1.files"
    inside cat /var/log/nginx/access.log >"$seen/$1.access"
    inside cat /var/log/nginx/error.log >"$seen/$1.error"
    inside ps -eo args= | grep -v "^ps -eo\|^php-fpm\|^nginx\|gunicorn\|^\[" | sort -u >"$seen/$1.processes"
}

selected() { # selected FILE PATTERN BUT
    grep -E "$2" "$1" | grep -vE "$moves" | awk -F ' [|] ' -v but=" $3 /etc/alternatives/php-fpm.sock " 'index(but, " " $1 " ") == 0'
}

# same BEFORE AFTER COLUMNS WHAT [PATTERN [BUT]]: the files that PATTERN selects, but not those of
# the list BUT.  The link that Debian's service file keeps for PHP-FPM comes and goes with the service.
same() {
    local before after
    before=$(selected "$seen/$1.files" "${5:-.}" "${6-}" | cut -d'|' -f"$3")
    after=$(selected "$seen/$2.files" "${5:-.}" "${6-}" | cut -d'|' -f"$3")
    [ "$before" = "$after" ] || wrong "$4" $'\n'"$(diff <(echo "$before") <(echo "$after") | grep '^[<>]' | head -8)"
}

# Log lines may only be added, and only for requests that fettle asked.
logs_grew_by_our_requests() { # BEFORE AFTER WHAT
    local kind size path
    path=/${url#*://*/}
    for kind in access error; do
        size=$(stat -c %s "$seen/$1.$kind")
        cmp -s -n "$size" "$seen/$1.$kind" "$seen/$2.$kind" || wrong "$3: nginx's $kind log was changed, not only continued"
        if tail -c "+$((size + 1))" "$seen/$2.$kind" | grep -vE "\"(GET|HEAD) $path HTTP/1\.1\".*(\"curl/|upstream)"; then
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
    inside timeout 170 "$fettle" "$@" </dev/null >"$seen/$name.out" 2>"$seen/$name.err" || status=$?
    cat "$seen/$name.err"
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

# Running or not: a service that had failed, or that systemd keeps trying, counts as put back when
# it is stopped again.
service_states() {
    # shellcheck disable=SC2086 # one word a unit
    inside systemctl show --property=Id,ActiveState -- $services "$fpm.service" |
        sed 's/^ActiveState=\(failed\|activating\)$/ActiveState=inactive/' | paste -sd' '
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

check_dry_run_and_plan() {
    run_fettle dry fix nginx-502 "${ask[@]}" --dry-run
    expect "exit of fix --dry-run" "$exit" "$status"
    snapshot dry
    nothing_changed diagnosed dry "fix --dry-run"
    run_fettle plan-said plan nginx-502 "${ask[@]}" -o /root/plan.json
    expect "exit of plan" "$exit" "$status"
    inside cat /root/plan.json >"$seen/plan.out" || :
    snapshot planned
    nothing_changed dry planned plan
    expect "fixes of the diagnosis" "$(json plan "$fixes_shown")" "$(json diagnose "$fixes_shown")"
}
fixes_shown='[.hosts[0].fixes[]? | {id, title, recommended, validate, verify,
    changes: [.changes[] | {kind, host, path, diff, argv}]}] | tojson'

planned_diff() { # planned_diff PATH
    jq -j --arg id "$recommended" --arg path "$1" \
        '.hosts[0].fixes[] | select(.id == $id).changes[] | select(.kind == "edit" and .path == $path).diff' "$seen/plan.out"
}

# What apply did to the file is, byte for byte, what was shown.
check_edits() {
    local path copy
    expect "files that the fix edits" "$edits" \
        "$(jq -r --arg id "$recommended" '[.hosts[0].fixes[] | select(.id == $id).changes[] | select(.kind == "edit").path] | join(" ")' "$seen/plan.out")"
    for path in $edits; do
        copy=$seen/$(basename "$path")
        inside cat "$path" >"$copy.after"
        diff -U3 --label "a$path" --label "b$path" "$copy.before" "$copy.after" >"$copy.real" || :
        planned_diff "$path" >"$copy.plan"
        cmp -s "$copy.plan" "$copy.real" ||
            wrong "plan's diff of $path is not what apply did:" $'\n'"$(diff "$copy.plan" "$copy.real" | head -8)"
        # On a terminal a carriage return is spelled out.
        [[ $(<"$seen/dry.out") == *"$(sed 's/\r/\\x0d/g' "$copy.real")"* ]] ||
            wrong "fix --dry-run does not print what apply did to $path"
        path=$(inside realpath "$path")
        same planned applied 1-5 "owner, mode or access list of $path changed:" "^$path \|"
    done
}

check_apply() {
    local path files=
    for path in $edits; do
        inside cat "$path" >"$seen/$(basename "$path").before"
        files="$files $(inside realpath "$path")"
    done
    happens between planned
    before=$(service_states)
    run_fettle apply apply /root/plan.json --approve-recommended --json
    expect "exit of apply" "$apply" "$status"
    case $apply in
    5) expect "host's status after apply" refused "$(json apply '.hosts[0].status')" ;;
    0) expect "host's status after apply" fixed "$(json apply '.hosts[0].status')" ;;
    6) expect "host's status after apply" rolled-back "$(json apply '.hosts[0].status')" ;;
    7) expect "host's status after apply" not-fixed "$(json apply '.hosts[0].status')" ;;
    esac
    expect "HTTP status after apply" "$after" "$(asked)"
    if [ -n "$apply_says" ]; then
        cat "$seen/apply.out" "$seen/apply.err" | grep -qE -- "$apply_says" || wrong "apply does not say \"$apply_says\""
    fi
    snapshot applied
    no_process_left planned applied apply
    json apply '.hosts[0] | .error // empty, (.fixes[]? | "\(.id): \(.status)")' >>"$seen/findings"
    if [ "$apply" = 5 ]; then
        nothing_changed planned applied "apply refused, but"
        return
    elif [ "$apply" != 0 ]; then
        expect "services after it was put back" "$before" "$(service_states)"
        same planned applied "$columns_untouched" "apply put back, but not everything:" '^/(etc|srv)/[^|]* \| (file|link)'
        no_file_left planned applied apply
        return
    fi
    check_edits
    same planned applied "$columns_untouched" "apply touched another file:" '^/(etc|srv)/[^|]* \| (file|link)' "$files"
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
    same planned undone "$columns_config" "undo left a difference:" '^/(etc|srv)/[^|]* \| (file|link)'
    expect "services after undo" "$before" "$(service_states)"
    no_process_left planned undone undo
    no_file_left planned undone undo
}

# The service's own socket and pid file, systemd's notes of what runs and the link that Debian's
# service file keeps come and go with the service.
no_file_left() { # BEFORE AFTER WHAT
    local more
    more=$(comm -13 <(cut -d'|' -f1 "$seen/$1.files" | sort) <(cut -d'|' -f1 "$seen/$2.files" | sort) |
        grep -vE '^(/run/php/[^/]*\.(sock|pid)|/run/systemd/(units|journal)/.*|/var/log/journal/.*|/etc/alternatives/php-fpm.sock) $') || :
    [ -z "$more" ] || wrong "$3 left a file:" $'\n'"$more"
}

case_run() {
    set -eu
    local start=$SECONDS
    seen=$work/$1 case_file=$lab_here/cases/$1.sh host=$1 fpm=php$php-fpm fpm_id=php${php/./-}-fpm
    pool=/etc/php/$php/fpm/pool.d/www.conf shop=/etc/nginx/sites-available/shop sock=/run/php/$fpm.sock
    url=http://127.0.0.1/ broken=502 quiet='' edits='' says='' apply='' apply_says='' after='' ask=url undo=0 moves='^$'
    # shellcheck source=/dev/null
    . "$case_file"
    echo "$about" >"$seen/about"
    host_status=$status
    if [ "$ask" = url ]; then ask=(-p "url=$url"); else ask=(); fi
    host_start "$image" "$host"
    inside_case site || { wrong "site() failed" && return; }
    expect "HTTP status of the healthy site" 200 "$(asked)"
    inside_case damage || { wrong "damage() failed" && return; }
    [ -n "$quiet" ] || expect "HTTP status of the broken site" "$broken" "$(asked)"
    snapshot broken
    check_diagnosis
    snapshot diagnosed
    nothing_changed broken diagnosed diagnose
    check_dry_run_and_plan
    [ -z "$recommended" ] || check_apply
    echo $((SECONDS - start)) >"$seen/seconds"
}
