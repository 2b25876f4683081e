# families.sh: what is done to the transaction, kind by kind; sourced by `run`.
#
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2016 # the runner's and the world's words; stubs are written out

# In the short form about so many places of each kind are struck, in the long form all.
SAMPLE=${FAULT_SAMPLE:-4}

families() {
    local family
    for family in ${FAULT_FAMILIES:-apply_killed apply_rebooted apply_full apply_filled undo_killed \
        recover_killed validator service clock two_at_once randomly_killed connection_cut}; do
        before=$runs
        "$family"
        echo "family $family $((runs - before))"
    done
}

# each_place COUNT FUNCTION: calls it with the places of this lane
each_place() {
    local count=$1 step=1 place
    [ -z "$short" ] || step=$((count / SAMPLE + 1))
    for ((place = 1 + (lane - 1) * step; place <= count; place += step * lanes)); do
        "$2" "$place"
    done
}

# What is done but once is shared out among the lanes.
mine() { [ $((lane - 1)) -eq $(($1 % lanes)) ]; }

count_steps() { # VERB-FOR-COUNTING COMMAND…
    "$strike" count "$@" 2>/dev/null | tail -n 1
}

good_run() { # to the end, confirmed; the host is in its AFTER state then
    prepare
    confirm_soon
    sh "$BASE/$R/txn" apply
    wait "$confirmer"
}

# ---- apply ----

strike_apply() { # HOW PLACE
    world_reset
    prepare
    confirm_soon
    "$strike" "$1" "$2" sh "$BASE/$R/txn" apply >/dev/null 2>&1
    kill "$confirmer" 2>/dev/null
    wait "$confirmer" 2>/dev/null
}

steps_of_apply() {
    world_reset
    prepare
    confirm_soon
    steps=$(count_steps sh "$BASE/$R/txn" apply)
    wait "$confirmer"
}

kill_apply() { strike_apply kill "$1"; mend; judge "apply killed at step $1"; }
apply_killed() { steps_of_apply; each_place "$steps" kill_apply; }

# The power fails: all processes are gone, nginx is started with what is there, and the boot is another.
reboot_apply() {
    strike_apply reboot "$1"
    systemctl stop nginx.service
    sed -i '1s/ [^ ]*$/ an-earlier-boot/' "$BASE/$R/journal" 2>/dev/null
    systemctl start nginx.service
    mend
    judge "power lost at step $1"
}
apply_rebooted() { steps_of_apply; each_place "$steps" reboot_apply; }

full_apply() { strike_apply full "$1"; mend; judge "disk full at write $1"; }
fill_apply() { strike_apply fill "$1"; mend; judge "disk full from write $1 on"; }
# Writes are about half of the steps; past the last nothing fails.
apply_full() { steps_of_apply; each_place $((steps / 2)) full_apply; }
apply_filled() { steps_of_apply; each_place $((steps / 2)) fill_apply; }

# ---- undo and recover ----

kill_undo() {
    world_reset
    good_run
    "$strike" kill "$1" sh "$BASE/$R/txn" undo >/dev/null 2>&1
    if ((runs % 2)); then mend; else sh "$BASE/$R/txn" undo >"$room/mended" 2>&1; fi
    judge "undo killed at step $1"
}
undo_killed() {
    world_reset
    good_run
    each_place "$(count_steps sh "$BASE/$R/txn" undo)" kill_undo
}

# A transaction that died while it waited for the word.
half_made() {
    world_reset
    prepare
    setsid sh "$BASE/$R/txn" apply >/dev/null 2>&1 &
    local tries=400 pid
    until grep -q waiting "$BASE/$R/journal" 2>/dev/null || [ "$tries" -le 0 ]; do
        sleep 0.05
        tries=$((tries - 1))
    done
    pid=$(cat "$BASE/$R/pid")
    kill -KILL "$pid"
    wait 2>/dev/null
}
kill_recover() {
    half_made
    "$strike" kill "$1" sh "$BASE/$R/txn" recover >/dev/null 2>&1
    mend
    judge "recover killed at step $1" before
}
recover_killed() {
    half_made
    each_place "$(count_steps sh "$BASE/$R/txn" recover)" kill_recover
}

# ---- what the host's own programs do ----

own_nginx() { # a validator of another kind
    printf '#!/bin/sh\ncase "$*" in *-t*) %s ;; esac\nexec /usr/sbin/nginx "$@"\n' "$1" >"$room/bin/nginx"
    chmod 755 "$room/bin/nginx"
}
apply_by_itself() { # WHAT STATE
    prepare 30
    confirm_soon
    sh "$BASE/$R/txn" apply >/dev/null 2>&1
    kill "$confirmer" 2>/dev/null
    wait "$confirmer" 2>/dev/null
    judge "$1" "$2"
}
validator() {
    mine 0 || return 0
    world_reset; own_nginx 'echo no; exit 1'; apply_by_itself 'nginx -t fails' before
    world_reset; own_nginx 'sleep 600'; apply_by_itself 'nginx -t hangs' before
    world_reset; own_nginx 'trap "" TERM; while :; do sleep 1; done'; apply_by_itself 'nginx -t hangs and cannot be asked to end' before
    world_reset; own_nginx 'head -c 1048576 /dev/zero | tr "\\0" x'; apply_by_itself 'nginx -t prints a megabyte' after
    world_reset; own_nginx 'yes'; apply_by_itself 'nginx -t never stops printing' before
    world_reset; own_nginx 'kill -9 $PPID; exit 1'; apply_by_itself 'nginx -t kills its caller' before
}

service() {
    mine 1 || return 0
    local stop='read -r pid </run/nginx.pid; kill -9 "$pid"; pkill -9 -x nginx; rm -f /run/nginx.pid'
    world_reset; echo 'exit 1' >"$room/reload"; prepare
    printf 'grep -q shop2 /etc/nginx/conf.d/shop.conf && exit 1; kill -HUP "$(cat /run/nginx.pid)"\n' >"$room/reload"
    apply_by_itself 'the reload fails' before
    world_reset
    printf 'grep -q shop2 /etc/nginx/conf.d/shop.conf && { %s; exit 1; }; kill -HUP "$(cat /run/nginx.pid)"\n' "$stop" >"$room/reload"
    apply_by_itself 'the service does not come back' before
    world_reset
    printf 'grep -q shop2 /etc/nginx/conf.d/shop.conf && sleep 600; kill -HUP "$(cat /run/nginx.pid)"\n' >"$room/reload"
    apply_by_itself 'the reload hangs' before
}

# Only what the transaction asks for the time is lied to: the kernel's clock is the whole machine's.
clock() {
    mine 2 || return 0
    world_reset
    printf '#!/bin/sh\necho $(($(/bin/date +%%s) + ($(od -An -N2 -tu2 /dev/urandom) - 32768) * 1000))\n' >"$room/bin/date"
    chmod 755 "$room/bin/date"
    apply_by_itself 'the clock jumps' after
    world_reset
    printf '#!/bin/sh\necho $(($(/bin/date +%%s) + ($(od -An -N2 -tu2 /dev/urandom) - 32768) * 1000))\n' >"$room/bin/date"
    chmod 755 "$room/bin/date"
    prepare 3
    sh "$BASE/$R/txn" apply >/dev/null 2>&1
    judge 'the clock jumps while nobody confirms' before
}

two_at_once() {
    mine 3 || return 0
    local first second tries=${short:+2}
    for ((; ${tries:=10} > 0; tries--)); do
        world_reset
        prepare 2
        first=$R
        prepare 2
        second=$R
        setsid sh "$BASE/$first/txn" apply >/dev/null 2>&1 &
        setsid sh "$BASE/$second/txn" apply >/dev/null 2>&1 &
        wait
        judge 'two at once, neither confirmed' before
        [ "$(cat "$BASE"/f*/journal | grep -c ' waiting ')" -le 2 ] || complain "both waited"
        if [ "$(cat "$BASE"/f*/journal | grep -c 'end refused-locked')" -gt 1 ]; then
            mixed=$((mixed + 1))
            complain "both were refused"
        fi
    done
}
