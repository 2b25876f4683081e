# world.sh: one host with a real nginx, made and mended for each run; sourced by `run`, inside the
# namespaces that it made.
#
# The host: nginx on 127.0.0.1:80 passes /  to an application that has moved (502); the change edits two
# files, of which either alone makes nginx refuse its configuration, and reloads.  `systemctl` is a few
# lines around that one nginx, enough for a unit to have a state.  BEFORE and AFTER are the two allowed
# states, each as files (content, owner, mode, access list) and as what nginx serves.
#
# shellcheck shell=bash

BASE=/var/lib/fettle
change=$repo/engine/change
runs=0 mixed=0 dark=0 left=0 serial=0

world_make() {
    mount -t tmpfs -o mode=755 fault /var/lib
    mount -t tmpfs -o mode=755 fault /run
    mkdir -p /run/lock /var/lib/nginx
    mount -t tmpfs -o mode=755 fault /etc/nginx
    mount -t tmpfs -o mode=755 fault /var/log
    mkdir -p /var/log/nginx /etc/nginx/conf.d
    ip link set lo up
    room=$(mktemp -d /run/room.XXXXXX)
    mkdir "$room/bin" "$room/p"
    cat >/etc/nginx/nginx.conf <<'CONF'
pid /run/nginx.pid;
worker_processes 1;
error_log /var/log/nginx/error.log;
events { worker_connections 64; }
http {
    access_log off;
    server { listen 127.0.0.1:8081; location / { return 200 "shop\n"; } }
    include /etc/nginx/conf.d/*.conf;
}
CONF
    printf 'upstream shop { server 127.0.0.1:8089; }\n' >/etc/nginx/conf.d/a-upstream.conf
    printf 'server { listen 127.0.0.1:80; location / { proxy_pass http://shop; } }\n' >/etc/nginx/conf.d/shop.conf
    chmod 640 /etc/nginx/conf.d/shop.conf
    chown root:www-data /etc/nginx/conf.d/shop.conf
    setfacl -m u:nobody:r /etc/nginx/conf.d/shop.conf
    printf 'upstream shop2 { server 127.0.0.1:8081; }\n' >"$room/new.1"
    printf 'server { listen 127.0.0.1:80; location / { proxy_pass http://shop2; } }\n' >"$room/new.2"
    echo '# made by the change, with its folder' >"$room/new.3"
    world_systemctl
    PATH=$room/bin:$PATH
    systemctl start nginx.service
    cp -a /etc/nginx "$room/before"
    BEFORE=$(files) && SERVES_BEFORE=$(served)
    cat "$room/new.1" >/etc/nginx/conf.d/a-upstream.conf
    cat "$room/new.2" >/etc/nginx/conf.d/shop.conf
    mkdir -m 755 /etc/nginx/made.d
    install -m 644 "$room/new.3" /etc/nginx/made.d/note.conf
    AFTER=$(files)
    world_reset
    [ "$SERVES_BEFORE" = 502 ] || { echo "fault: the broken site answers $SERVES_BEFORE" >&2; exit 1; }
}

# `how` in $room/reload: nothing, or what a reload does instead.
world_systemctl() {
    cat >"$room/bin/systemctl" <<STUB
#!/bin/sh
lives() { read -r pid </run/nginx.pid && kill -0 "\$pid"; } 2>/dev/null
for last; do :; done
case \$1 in
show) if lives; then echo ActiveState=active; else echo ActiveState=failed; fi ;;
start) lives || { rm -f /run/nginx.pid; /usr/sbin/nginx </dev/null >/dev/null 2>&1; } ;;
stop) ! lives || { kill "\$pid"; while lives; do sleep 0.02; done; } ;;
reload | restart)
    [ ! -e $room/reload ] || { . $room/reload; exit; }
    lives || exit 1
    /usr/sbin/nginx -t -q 2>/dev/null && kill -HUP "\$pid" ;;
esac
STUB
    chmod 755 "$room/bin/systemctl"
}

files() {
    (cd /etc/nginx && find . -mindepth 1 -printf '%p %y %m %u %g %l\n' | sort &&
        find . -type f -print0 | sort -z | xargs -0 sha256sum &&
        find . -print0 | sort -z | xargs -0 getfacl -p 2>/dev/null)
}
served() { curl -q -sS -o /dev/null --max-time 5 -w '%{http_code}' http://127.0.0.1/ 2>/dev/null; }

# nginx answers from its old workers for a moment after a reload.
serves() { # CODE
    local tries=100
    until [ "$(served)" = "$1" ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.05
    done
}

world_reset() {
    rm -f "$room/reload" "$room/bin/nginx" "$room/bin/date" "$room/mended"
    rm -rf "${BASE:?}"
    mkdir -m 700 "$BASE"
    if [ "$(files)" != "$BEFORE" ]; then
        find /etc/nginx -mindepth 1 -delete
        cp -a "$room/before/." /etc/nginx/
    fi
    [ "$(systemctl show)" = ActiveState=active ] || systemctl start nginx.service
    [ "$(served)" = 502 ] || { systemctl reload nginx.service && serves 502; }
}

word() { printf '%s' "$1" | sed 's/%/%25/g; s/ /%20/g'; }
edit() { # N PATH
    # shellcheck disable=SC2046
    echo edit "$1" "$2" "$(sha256sum <"$2" | cut -d' ' -f1)" $(stat -c '%u %g %a' "$2") -
}

# prepare [CONFIRM-TIMEOUT]: the run's folder as boot.sh leaves it; sets R
prepare() {
    serial=$((serial + 1))
    R=$(printf 'f%06d' $serial)
    mkdir -p "$BASE/$R"
    cp "$change/txn.sh" "$BASE/$R/txn"
    cp "$room/new.1" "$room/new.2" "$room/new.3" "$BASE/$R/"
    {
        printf 'run %s\nfix fault/%s\nowner someone\nconfirm-timeout %s\nvalidate-timeout 2\n' "$R" "$R" "${1:-30}"
        edit 1 /etc/nginx/conf.d/a-upstream.conf
        edit 2 /etc/nginx/conf.d/shop.conf
        echo create 3 /etc/nginx/made.d/note.conf 0 0 644 /etc/nginx/made.d
        echo 'validate 2 nginx -t'
        echo 'command 1 10 3 systemctl reload nginx.service 0'
        echo 'reactivate 3 systemctl reload nginx.service'
    } >"$BASE/$R/manifest"
}

# As the operator's side does once the symptom is gone.
confirm_soon() {
    (
        tries=600
        while [ "$tries" -gt 0 ] && ! grep -q ' end ' "$BASE/$R/journal" 2>/dev/null; do
            if grep -q waiting "$BASE/$R/journal" 2>/dev/null; then : >"$BASE/$R/confirm"; exit; fi
            sleep 0.05
            tries=$((tries - 1))
        done
    ) &
    confirmer=$!
}

# Three ways back, in turn.
mend() {
    case $((runs % 3)) in
    0) sh "$BASE/$R/txn" recover ;;
    1) printf 'fettle-txn 1 - recover\nend 0\n' | sh -c "$(cat "$change/boot.sh")" ;;
    2)
        local first=$R
        prepare 0
        printf 'run %s\nfix fault/%s\nowner next\nconfirm-timeout 0\n' "$R" "$R" >"$BASE/$R/manifest"
        sh "$BASE/$R/txn" apply
        R=$first
        ;;
    esac >"$room/mended" 2>&1
}

busy() { pgrep -f "^sh $BASE/[^ ]*/txn" >/dev/null; }

# judge WHAT [STATE]: compares the host with its allowed states, and counts
judge() {
    local now state wrong='' tries=200
    runs=$((runs + 1))
    now=$(files)
    case $now in
    "$BEFORE") state=before ;;
    "$AFTER") state=after ;;
    *) state=neither ;;
    esac
    case $state in
    before) serves 502 || wrong="the files are as before, but nginx answers $(served)" ;;
    after) serves 200 || wrong="the files are as after, but nginx answers $(served)" ;;
    neither) wrong="the files are neither: $(diff <(echo "$BEFORE") <(echo "$now") | grep '^[<>]' | head -4)" ;;
    esac
    [ -z "${2-}" ] || [ "$2" = "$state" ] || wrong="it is $state, not $2; $wrong"
    case $(served) in 200 | 502) ;; *) dark=$((dark + 1)); wrong="no nginx serves; $wrong" ;; esac
    if [ -n "$wrong" ]; then
        mixed=$((mixed + 1))
        complain "$1: $wrong"
    fi
    while busy && [ "$tries" -gt 0 ]; do sleep 0.05; tries=$((tries - 1)); done
    # No lock at all: it was killed before it had made one.
    if busy || [ "$(cat "$BASE"/lock/* 2>/dev/null || echo free)" != free ] || ls "$BASE"/unfinished/* >/dev/null 2>&1; then
        left=$((left + 1))
        complain "$1: left behind: lock $(cat "$BASE"/lock/* 2>&1), marks $(ls "$BASE/unfinished" 2>&1), $(pgrep -fa "^sh $BASE" | head -2)"
    fi
}

complain() {
    {
        echo "fault: $1"
        tail -n 5 "$BASE/$R/journal" | sed 's/^/    /'
        tail -n 3 "$room/mended" 2>/dev/null | sed 's/^/    mended: /'
    } >&2
}
