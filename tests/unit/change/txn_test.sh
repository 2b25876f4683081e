# txn_test.sh: the transaction's shell, driven as the engine drives it: boot.sh with a payload on its
# standard input. As root all of it happens in a mount namespace with a tmpfs over /var/lib, so the
# real /var/lib/fettle is never seen; as somebody else below XDG_STATE_HOME.
#
# sh txn_test.sh [SHELL...]    SHELL: what `sh` is for the scripts (default: sh, and bash and busybox
#                              where installed, for a part of the cases). Closes with N passed, N failed.
#
# By default the transaction is killed at a third of its places, spread over all of it; TXN_TEST_ALL=yes
# kills it at each.

here=$(cd "$(dirname "$0")" && pwd) || exit 1
change=$here/../../../engine/change
NL='
'

if [ "$(id -u)" -eq 0 ] && [ -z "$TXN_TEST_INSIDE" ]; then
    if ! unshare --mount true; then
        echo "skipped: as root this needs a mount namespace of its own; run it as somebody else" >&2
        [ "${FETTLE_LAB-}" != required ] || exit 1
        exit 77
    fi
    TXN_TEST_INSIDE=yes exec unshare --mount sh "$here/${0##*/}" "$@"
fi

T=$(mktemp -d) || exit 1
if [ "$(id -u)" -eq 0 ]; then
    mount -t tmpfs -o mode=755 tmpfs "$T" || exit 1
    mkdir "$T/var" && cp -a /var/lib/nginx "$T/var" 2>/dev/null
    mount -t tmpfs -o mode=755 tmpfs /var/lib && cp -a "$T/var/nginx" /var/lib/ 2>/dev/null
    # A /run of our own too: nobody else's coming and going is taken for ours, nor is a real pid file removed.
    mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/php /run/lock
    BASE=/var/lib/fettle
else
    export XDG_STATE_HOME="$T/state"
    BASE=$XDG_STATE_HOME/fettle/target
fi
chmod 755 "$T"
BOOT=$(cat "$change/boot.sh")
D=$T/etc passed=0 failed=0 serial=0 real_path=$PATH
trap 'cd /; umount "$T" 2>/dev/null; rm -rf "$T"' EXIT

check() { # WHAT CONDITION...
    what=$1
    shift
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED ($shell): $what" >&2; fi
}
is() { [ "$1" = "$2" ] || { printf '  is:       %s\n  expected: %s\n' "$1" "$2" >&2; false; }; }
# shellcheck disable=SC2254  # a pattern on purpose
like() { case $1 in $2) ;; *) printf '  is:   %s\n  like: %s\n' "$1" "$2" >&2; false ;; esac; }

enc() {
    printf '%s' "$1" | od -An -v -tx1 | while read -r line; do
        for h in $line; do printf '%%%s' "$h"; done
    done
}
sha() { sha256sum <"$1" | cut -d' ' -f1; }
link_of() { if [ -L "$1" ]; then enc "$(readlink "$1")"; else echo -; fi; }

# A fresh folder of files and a fresh payload folder.
fresh() {
    rm -rf "$D" "$T/p"
    mkdir "$D" "$T/p"
    serial=$((serial + 1)) R=t$$-$serial N=0
    printf 'old one\n' >"$D/one.conf"
    printf 'old two\n' >"$D/two.conf"
    chmod 640 "$D/one.conf"
    touch -d '2020-02-02 02:02:02' "$D/one.conf" "$D/two.conf"
    cp "$change/txn.sh" "$T/p/txn"
    printf 'run %s\nfix test/'$serial'\nowner %s\nconfirm-timeout 30\nvalidate-timeout 2\n' "$R" "$(enc 'a person')" >"$T/p/manifest"
}
say() { printf '%s\n' "$*" >>"$T/p/manifest"; }
edit() { # PATH CONTENT
    N=$((N + 1))
    printf '%s' "$2" >"$T/p/new.$N"
    # shellcheck disable=SC2046
    say edit $N "$(enc "$1")" "$(sha "$1")" $(stat -L -c '%u %g %a' "$1") "$(link_of "$1")"
}
create() { # PATH CONTENT FOLDER|-
    N=$((N + 1))
    printf '%s' "$2" >"$T/p/new.$N"
    say create $N "$(enc "$1")" "$(id -u)" "$(id -g)" 644 "$([ "$3" = - ] && echo - || enc "$3")"
}
words() { # ARGV... to ARGC ARG...
    printf '%s' "$#"
    for w; do printf ' %s' "$(enc "$w")"; done
}
validate() { say validate "$(words "$@")"; }
payload() { # MODE
    echo "fettle-txn 1 $R $1"
    case $1 in apply | prove)
        for f in "$T"/p/*; do
            printf '%s %s\n' "${f##*/}" "$(($(wc -c <"$f")))"
            cat "$f"
        done
        ;;
    esac
    echo 'end 0'
}
boot() { payload "$1" | sh -c "$BOOT"; }
last() { tail -n 1 "$BASE/$R/journal" | cut -d' ' -f3-; }
snapshot() { (cd "$D" && find . -mindepth 1 -printf '%p %y %s %m %U %G %T@ %l\n' -type f -exec sha256sum {} + | sort
    find . -print0 | sort -z | xargs -0 getfacl 2>/dev/null); }
content() { (cd "$D" && find . -mindepth 1 -printf '%p %y %m %U %G %l\n' -type f -exec sha256sum {} + | sort); }
clean() { [ -z "$(find "$D" -name '.*fettle*')" ] && is "$(cat "$BASE"/lock/*)" free; }

# ---- cases ---------------------------------------------------------------------------------------

happy() {
    fresh; before=$(snapshot)
    edit "$D/one.conf" "new one$NL"; edit "$D/two.conf" "new two$NL"
    validate true
    say command 1 5 "$(words sh -c "echo on >'$D/flag'")" "$(words rm -f "$D/flag")"
    say reactivate "$(words sh -c "echo again >>'$T/reactivated'")"
    out=$(boot apply)
    check 'apply follows up to waiting' like "$out" "1 * start *${NL}* waiting *"
    check 'written' is "$(cat "$D/one.conf" "$D/two.conf")" "new one${NL}new two"
    check 'mode kept' is "$(stat -c %a "$D/one.conf")" 640
    check 'confirmed' like "$(boot confirm)" '* end confirmed'
    check 'nothing left behind' clean
    check 'follow from 1 ends at waiting' like "$(boot follow)" "1 *waiting *"
    check 'status names it' like "$(boot status)" "base *lock free*run t* end confirmed*"
    check 'undo' like "$(boot undo)" '*undo-command 1*restore 2*restore 1*reactivate 1*end undone'
    check 'as it was, times too' is "$(snapshot)" "$before"
    check 'undo twice' like "$(boot undo)" '* end already-undone'
    check 'clean after undo' clean
}

puts_back() {
    fresh; before=$(snapshot)
    edit "$D/one.conf" new
    rm -f "$T/reactivated"
    say command 1 5 "$(words touch "$D/flag")" "$(words rm "$D/flag")"
    say reactivate "$(words touch "$T/reactivated")"
    boot apply >/dev/null
    boot revert >/dev/null
    check 'reverted' is "$(last)" 'end rolled-back reverted'
    check 'as before' is "$(snapshot)" "$before"
    check 'reactivated' test -f "$T/reactivated"

    fresh; sed -i 's/^confirm-timeout.*/confirm-timeout 1/' "$T/p/manifest"
    edit "$D/one.conf" new; before=$(snapshot)
    boot apply >/dev/null; sleep 2
    check 'unconfirmed' is "$(last)" 'end rolled-back unconfirmed'
    check 'unconfirmed: as before' is "$(snapshot)" "$before"
    check 'a late confirm hears of it' like "$(boot confirm)" '* end rolled-back unconfirmed'

    fresh; edit "$D/one.conf" new; validate true; validate sh -c 'echo no; exit 3'; before=$(snapshot)
    check 'validate fails' like "$(boot apply)" '* end rolled-back validate 2 3'
    check 'validate: as before' is "$(snapshot)" "$before"
    check 'its output is kept' is "$(cat "$BASE/$R/validate.2.out")" no

    fresh; edit "$D/one.conf" new; before=$(snapshot)
    say command 1 5 "$(words touch "$D/flag")" "$(words rm "$D/flag")"
    say command 2 5 "$(words false)" 0
    say command 3 5 "$(words touch "$T/never")" 0
    check 'command fails' like "$(boot apply)" '*undo-command 1*end rolled-back command 2 1'
    check 'command: as before' is "$(snapshot)" "$before"
    check 'the third never ran' test ! -e "$T/never"

    fresh; edit "$D/one.conf" new
    say command 1 1 "$(words sleep 30)" 0
    check 'a command out of time' like "$(boot apply)" '* end rolled-back command 1 124'

    fresh; edit "$D/one.conf" new; before=$(snapshot)
    boot apply >/dev/null; kill -TERM "$(cat "$BASE/$R/pid")"
    check 'TERM puts back' like "$(boot follow | tail -n 1; sleep 1; last)" '*end rolled-back interrupted'
    check 'TERM: as before' is "$(snapshot)" "$before"

    fresh; edit "$D/one.conf" new
    boot apply >/dev/null
    echo mine >"$D/one.conf"
    check 'a conflict is left alone' like "$(boot revert)" '*conflict *end put-back-failed conflict *'
    check 'mine is still mine' is "$(cat "$D/one.conf")" mine
    first=$R; fresh; echo mine >"$D/one.conf"; edit "$D/one.conf" new; before=$(snapshot)
    check 'nothing else is changed before a person has looked' like "$(boot apply | tail -n 1)" \
        "* end refused-unrecovered $first conflict *"
    check 'nothing was touched' is "$(snapshot)" "$before"
    rm "$BASE/unfinished/$first"; fresh; edit "$D/one.conf" new
    check 'then it is' like "$(boot apply)" '* waiting *'
    boot revert >/dev/null
}

creates() {
    fresh; before=$(content)
    create "$D/made.d/new.conf" "created$NL" "$D/made.d"; create "$D/beside.conf" "too$NL" -; validate true
    say command 1 5 "$(words true)" 0
    say reactivate "$(words touch "$T/told")"
    check 'created' like "$(boot apply)" '*write 1 *write 2 *waiting *'
    check 'with what it should hold' is "$(cat "$D/made.d/new.conf" "$D/beside.conf")" "created${NL}too"
    check 'for all to read' is "$(stat -c %a "$D/made.d" "$D/made.d/new.conf" | tr '\n' ' ')" '755 644 '
    check 'confirmed' like "$(boot confirm)" '* end confirmed'
    check 'nothing left beside it' clean
    rm -f "$T/told"
    check 'undone' like "$(boot undo)" '*restore 2 *restore 1 *reactivate 1*end undone'
    check 'and all is as before' is "$(content)" "$before"
    check 'and told' test -f "$T/told"
    fresh; before=$(content)
    create "$D/made.d/new.conf" new "$D/made.d"; boot apply >/dev/null; boot revert >/dev/null
    check 'put back' is "$(last) $(content)" "end rolled-back reverted $before"
    fresh; create "$D/one.conf" new -
    check 'what is there already is refused' like "$(boot apply | tail -n 1)" '* end refused-drift * present'
    fresh; create "$D/nobody.conf" new -; ln -s nowhere "$D/nobody.conf"
    check 'and so is a link into nothing' like "$(boot apply | tail -n 1)" '* end refused-drift * present'
    fresh; create "$D/made.d/new.conf" new "$D/made.d"; mkdir "$D/made.d"
    check 'a folder that has come' like "$(boot apply | tail -n 1)" '* end refused-drift * folder-present'
    fresh; create "$D/made.d/new.conf" new -
    check 'a folder that has gone' like "$(boot apply | tail -n 1)" '* end refused-drift * folder-missing'
    fresh; mkdir "$D/real.d"; ln -s real.d "$D/link.d"; create "$D/link.d/new.conf" new -
    check 'a folder behind a link' like "$(boot apply | tail -n 1)" '* end refused-drift * folder-missing'
    fresh; mkdir -m 777 "$D/open.d"; create "$D/open.d/new.conf" new -
    check 'a folder that others can write' like "$(boot apply | tail -n 1)" '* end refused-folder *'
    fresh; create "$D/made.d/new.conf" new "$D/made.d"; boot apply >/dev/null; boot confirm >/dev/null
    echo theirs >"$D/made.d/other.conf"
    check 'what others have put beside it stays' like "$(boot undo) $(ls "$D/made.d")" '*end undone other.conf'
    fresh; create "$D/made.d/new.conf" new "$D/made.d"; boot apply >/dev/null; boot confirm >/dev/null
    echo theirs >"$D/made.d/new.conf"
    check 'what others have changed is not taken away' like "$(boot undo | tail -n 1)" '* end refused-changed *'
    rm "$D/made.d/new.conf"
    check 'what others have taken away is undone' like "$(boot undo | tail -n 1)" '* end undone'
    check 'with its folder' test ! -e "$D/made.d"
    fresh; create "$D/made.d/new.conf" new "$D/made.d"; boot apply >/dev/null; echo theirs >"$D/made.d/new.conf"
    check 'nor on the way back' like "$(boot revert | tail -n 1) $(cat "$D/made.d/new.conf")" '* end put-back-failed conflict * theirs'
    rm -rf "$BASE/unfinished/$R"
    fresh; create "$D/new.conf" new -; sed -i 's/644 -$/644/' "$T/p/manifest"
    check 'a line that lacks a word' like "$(boot apply | tail -n 1)" '* end refused-manifest *'
}

refuses() {
    for what in content mode link missing present; do
        fresh
        ln -s two.conf "$D/link.conf"; ln -s one.conf "$D/elsewhere"
        edit "$D/one.conf" new; edit "$D/link.conf" new; say expect-absent "$(enc "$D/absent")"
        case $what in
        content) echo drift >>"$D/one.conf" ;;
        mode) chmod 600 "$D/one.conf" ;;
        link) ln -sf "$D/two.conf" "$D/link.conf"; cp -p "$D/two.conf" "$D/three"; ln -sf three "$D/link.conf" ;;
        missing) rm "$D/one.conf" ;;
        present) touch "$D/absent" ;;
        esac
        before=$(snapshot)
        check "drift: $what" like "$(boot apply | tail -n 1)" "* end refused-drift * $what"
        check "drift: $what, untouched" is "$(snapshot)" "$before"
    done
    if [ "$(id -u)" -eq 0 ]; then
        fresh; edit "$D/one.conf" new; chown 1:0 "$D/one.conf"
        check 'drift: owner' like "$(boot apply | tail -n 1)" '* end refused-drift * uid'
    fi
    fresh; edit "$D/one.conf" new; ln "$D/one.conf" "$D/hard"
    check 'a hard link' like "$(boot apply | tail -n 1)" '* end refused-hardlink * 2'
    # Who can write a folder on the way could lead the write elsewhere.
    for mode in 757 1777 777; do
        fresh; mkdir "$D/shared"; cp "$D/one.conf" "$D/shared/"; chmod $mode "$D/shared"
        edit "$D/shared/one.conf" new; before=$(snapshot)
        check "a folder of mode $mode" like "$(boot apply | tail -n 1)" '* end refused-folder * */shared'
        check "a folder of mode $mode, untouched" is "$(snapshot)" "$before"
    done
    fresh; mkdir -p "$D/shared/own"; cp "$D/one.conf" "$D/shared/own/"; chmod 1777 "$D/shared"
    edit "$D/shared/own/one.conf" new
    check 'a sticky one on the way will do' like "$(boot apply)" '* waiting *'
    boot revert >/dev/null
    if [ "$(id -u)" -eq 0 ]; then
        fresh; mkdir "$D/theirs"; cp "$D/one.conf" "$D/theirs/"; chown 1 "$D/theirs"; edit "$D/theirs/one.conf" new
        check "somebody's folder" like "$(boot apply | tail -n 1)" '* end refused-folder *'
        fresh; mkdir "$D/group"; cp "$D/one.conf" "$D/group/"; chgrp 1 "$D/group"; chmod 775 "$D/group"
        edit "$D/group/one.conf" new
        check "a group's folder" like "$(boot apply | tail -n 1)" '* end refused-folder *'
    fi
    fresh; edit "$D/one.conf" new; say surprise 1
    check 'an unknown directive' like "$(boot apply | tail -n 1)" '* end refused-manifest *'
    fresh; edit "$D/one.conf" new; say 'validate 1  true'
    check 'a doubled blank' like "$(boot apply | tail -n 1)" '* end refused-manifest *'
    fresh; edit "$D/one.conf" new; boot apply >/dev/null; boot confirm >/dev/null
    echo later >>"$D/one.conf"
    check 'undo after a manual edit' like "$(boot undo)" '*changed *old.1 *new.1 *end refused-changed *'
    check 'undo left it alone' is "$(cat "$D/one.conf")" newlater
    check 'the same run again' is "$(boot apply 2>/dev/null; echo $?)" 73
    check 'clean after refusals' clean
}

keeps() {
    fresh; ln -s one.conf "$D/link.conf"
    printf 'odd\n' >"$D/a b'\"\$(x)%41${NL}z"
    odd="$D/a b'\"\$(x)%41${NL}z"
    setfacl -m u:1:r "$D/one.conf" && setfattr -n user.note -v hello "$D/one.conf" 2>/dev/null
    acl=$(getfacl -cp "$D/one.conf") attr=$(getfattr -d "$D/one.conf" 2>/dev/null)
    before=$(snapshot)
    edit "$D/link.conf" "via the link"; edit "$odd" "strange: \$(touch $T/pwned) %s\\n"
    validate test -f "$odd"
    boot apply >/dev/null
    check 'still a symlink' is "$(readlink "$D/link.conf") $(cat "$D/link.conf")" 'one.conf via the link'
    check 'ACL kept' is "$(getfacl -cp "$D/one.conf")" "$acl"
    check 'attributes kept' is "$(getfattr -d "$D/one.conf" 2>/dev/null)" "$attr"
    check 'odd names' is "$(cat "$odd")" "strange: \$(touch $T/pwned) %s\\n"
    check 'nothing executed' test ! -e "$T/pwned"
    check 'reverted' like "$(boot revert)" '*end rolled-back reverted'
    check 'odd names restored' is "$(snapshot)" "$before"
}

validators() {
    fresh; edit "$D/one.conf" new
    validate sh -c 'head -c 1000000 /dev/zero | tr "\0" x; sleep 0.3'
    check 'a megabyte is no failure' like "$(boot apply)" '* waiting *'
    check 'but bounded' is "$(wc -c <"$BASE/$R/validate.1.out")" 65536
    boot revert >/dev/null
    fresh; edit "$D/one.conf" new; validate sleep 60
    check 'a validator that hangs' like "$(boot apply)" '* end rolled-back validate 1 124'
    fresh; edit "$D/one.conf" new; validate yes
    check 'a validator that never stops' like "$(boot apply)" '* end rolled-back validate 1 124'
    check 'is bounded' test "$(wc -c <"$BASE/$R/validate.1.out")" -le 65536
    fresh; edit "$D/one.conf" new
    say command 1 10 "$(words sh -c 'sleep 20 & exit 0')" 0
    start=$(date +%s); boot apply >/dev/null
    check 'a daemon holds nothing up' test $(($(date +%s) - start)) -lt 15
    boot revert >/dev/null
}

two_at_once() {
    fresh; edit "$D/one.conf" new; boot apply >/dev/null; first=$R
    printf 'new' >"$T/keep"; rm -rf "$T/p"; mkdir "$T/p"; cp "$change/txn.sh" "$T/p/txn"
    serial=$((serial + 1)) R=t$$-$serial N=0
    echo "run $R" >"$T/p/manifest"; edit "$D/two.conf" other
    check 'the second is refused, the owner shown' like "$(boot apply | tail -n 1)" "* end refused-locked $first * %61%20%70*"
    R=$first
    check 'undo of a waiting run is refused' like "$(boot undo)" '0 * end refused-locked *'
    boot confirm >/dev/null
    check 'confirmed all the same' is "$(last)" 'end confirmed'
    # Many at the same moment over a dead owner's lock: exactly one may win.
    printf 'dead 999999 1 %s 1 -\n' "$(cat /proc/sys/kernel/random/boot_id)" >"$(echo "$BASE"/lock/*)"
    for i in 1 2 3 4 5 6; do
        mkdir "$BASE/race$i"; cp "$change/txn.sh" "$BASE/race$i/txn"
        printf 'run race%s\nconfirm-timeout 2\n' $i >"$BASE/race$i/manifest"
        sh "$BASE/race$i/txn" apply & eval "p$i=$!"
    done
    # shellcheck disable=SC2154
    wait "$p1" "$p2" "$p3" "$p4" "$p5" "$p6"
    check 'one winner of six' is "$(cat "$BASE"/race?/journal | grep -c ' waiting ')" 1
    check 'five refused' is "$(cat "$BASE"/race?/journal | grep -c ' end refused-locked ')" 5
    rm -rf "$BASE"/race?
}

dies() { # the transaction, while it waits for the word
    boot apply >/dev/null
    kill -KILL "$(cat "$BASE/$R/pid")"
}
recover_any() { (R=-; boot recover); }

recovers() {
    check 'nothing to recover' like "$(recover_any)" '0 * end nothing-to-recover'
    fresh; edit "$D/one.conf" new; before=$(content)
    say command 1 5 "$(words touch "$T/ran")" "$(words rm -f "$T/ran")"
    say reactivate "$(words touch "$T/reactivated")"
    rm -f "$T/reactivated"; dies; first=$R
    check 'a mark is left' test -f "$BASE/unfinished/$R"
    check 'recovered' like "$(recover_any)" '*end rolled-back crashed'
    check 'the bytes are back' is "$(content)" "$before"
    check 'the command is undone' test ! -e "$T/ran"
    check 'the reload that was owed is made good' test -f "$T/reactivated"
    check 'no mark is left' test ! -e "$BASE/unfinished/$R"
    check 'clean' clean
    # By the next run, before its own.
    fresh; edit "$D/one.conf" new; dies; first=$R
    fresh; edit "$D/one.conf" new
    check 'the next run puts back what it finds' like "$(boot apply)" \
        "*recovered $first rolled-back crashed*waiting *"
    check 'that one has its end' like "$(tail -n 1 "$BASE/$first/journal")" '*end rolled-back crashed'
    boot revert >/dev/null
    # A boot in between has started the daemons with what it found, and undone what commands did.
    fresh; edit "$D/one.conf" new; before=$(content)
    say command 1 5 "$(words touch "$T/ran")" "$(words rm -f "$T/ran")"
    say reactivate "$(words touch "$T/reactivated")"
    rm -f "$T/reactivated"; dies
    sed -i '1s/ [^ ]*$/ another-boot/; / command/d' "$BASE/$R/journal"
    check 'recovered after a reboot' like "$(recover_any)" '*end rolled-back crashed'
    check 'after a reboot: the bytes' is "$(content)" "$before"
    check 'after a reboot: told' test -f "$T/reactivated"
    check 'after a reboot: no command undone' test -e "$T/ran"
    rm -f "$T/ran"
}

# A disk that is full by the time of the way back.
full_disk() {
    [ "$(id -u)" -eq 0 ] || return 0
    fresh; mkdir "$D/small"; mount -t tmpfs -o size=3m,mode=755 tmpfs "$D/small"
    head -c 40000 /dev/zero | tr '\0' o >"$D/small/a.conf"
    before=$(content)
    edit "$D/small/a.conf" "short$NL"
    boot apply >/dev/null
    head -c 4000000 /dev/zero >"$D/small/fill" 2>/dev/null
    check 'the disk is full' test "$(df -P -k "$D/small" | awk 'END { print $4 }')" -eq 0
    check 'put back all the same' like "$(boot revert)" '*end rolled-back reverted'
    rm "$D/small/fill"
    check 'every byte' is "$(content)" "$before"
    umount "$D/small"
    fresh; mkdir "$D/small"; mount -t tmpfs -o size=3m,mode=755,nr_inodes=20 tmpfs "$D/small"
    echo a >"$D/small/a.conf"; edit "$D/small/a.conf" b
    check 'too few inodes' like "$(boot apply | tail -n 1)" '* end refused-inodes *'
    umount "$D/small"
}

# A unit that ran before, and that its restart leaves dead, is started again.
units() {
    mkdir -p "$T/bin"; echo active >"$T/state"; : >"$T/asked"
    printf '#!/bin/sh\necho "$*" >>%s\ncase $1 in show) echo "ActiveState=$(cat %s)"; cat %s 2>/dev/null ;;\n' "$T/asked" "$T/state" "$T/unit" >"$T/bin/systemctl"
    printf 'restart) [ -e %s/able ] || { echo failed >%s; exit 1; } ;;\n' "$T" "$T/state" >>"$T/bin/systemctl"
    printf 'start) [ ! -e %s/hopeless ] && echo active >%s ;;\nesac\n' "$T" "$T/state" >>"$T/bin/systemctl"
    chmod 755 "$T/bin/systemctl"
    path=$PATH PATH=$T/bin:$PATH
    fresh; say command 1 5 "$(words systemctl restart app.service)" 0
    check 'a restart that fails' like "$(boot apply)" '*was 1 * active*start-again 1*end rolled-back command 1 1'
    check 'the unit runs again' is "$(cat "$T/state")" active
    fresh; echo active >"$T/state"; : >"$T/hopeless"
    say command 1 5 "$(words systemctl restart app.service)" 0
    check 'one that cannot be started again' like "$(boot apply)" '*end put-back-failed start-again 1'
    rm -f "$T/hopeless"
    check 'recover tries again' like "$(recover_any)" '*end rolled-back crashed'
    fresh; echo active >"$T/state"; : >"$T/asked"; edit "$D/one.conf" new
    say command 1 5 "$(words systemctl daemon-reload)" 0
    say command 2 5 "$(words systemctl restart app.service)" 0
    say reactivate "$(words systemctl daemon-reload)"
    say reactivate "$(words systemctl restart app.service)"
    boot apply >/dev/null
    check 'systemd reads the unit again before it starts it again' is "$(grep -v ^show "$T/asked" | tr '\n' ,)" \
        'daemon-reload,restart app.service,daemon-reload,start app.service,restart app.service,'
    : >"$T/able"
    check 'and whoever recovers goes the same way' like "$(recover_any)" '*end rolled-back crashed'
    rm "$T/able"
    for what in '7 0' '9 0' '9 4'; do # as planned; started by somebody; by systemd itself
        fresh; echo active >"$T/state"; say unit app.service 7 0; edit "$D/one.conf" new
        printf 'ActiveEnterTimestampMonotonic=%s\nNRestarts=%s\n' "${what% *}" "${what#* }" >"$T/unit"
        case $what in
        9*0) check 'a unit that was started since' like "$(boot apply | tail -n 1)" '* end refused-drift app.service started' ;;
        *) check "a unit as it was ($what)" like "$(boot apply)" '* waiting *'; boot revert >/dev/null ;;
        esac
    done
    rm "$T/unit"
    echo failed >"$T/state"; fresh; say command 1 5 "$(words systemctl restart app.service)" 0
    check 'one that had failed before stays so' like "$(boot apply)" '*was 1 * failed*end rolled-back command 1 1'
    check 'stays so' is "$(cat "$T/state")" failed
    PATH=$path
}

budget() {
    for i in 1 2 3; do
        fresh; sed -i 's|^fix .*|fix test/again|' "$T/p/manifest"; edit "$D/one.conf" new
        boot apply >/dev/null; boot revert >/dev/null
    done
    fresh; sed -i 's|^fix .*|fix test/again|' "$T/p/manifest"; edit "$D/one.conf" new; before=$(snapshot)
    check 'the fourth time is refused, with the history' like "$(boot apply | tail -n 1)" \
        '* end refused-budget test/again 3 * %61*%61*%61*'
    check 'nothing was touched' is "$(snapshot)" "$before"
    fresh; edit "$D/one.conf" new
    check 'another fix is not' like "$(boot apply)" '* waiting *'
    boot revert >/dev/null
    fresh; sed -i 's|^fix .*|fix test/invalid|' "$T/p/manifest"; edit "$D/one.conf" new; validate false
    boot apply >/dev/null
    check 'what was put back before anything was told of it does not count' \
        is "$(grep -c test/invalid "$BASE/budget")" 0
}

# The journal syncs each line before the action: a sync that kills its caller at call K stops the
# transaction at every line and between.
crash_setup() {
    fresh; before=$(content)
    ln -s two.conf "$D/link.conf"; before=$(content)
    sed -i 's/^confirm-timeout.*/confirm-timeout '"$1"'/' "$T/p/manifest"
    edit "$D/one.conf" "new one"; edit "$D/link.conf" "new two"; validate true
    say command 1 5 "$(words touch "$D/flag")" "$(words rm -f "$D/flag")"
    create "$D/made.d/new.conf" "created" "$D/made.d"; create "$D/beside.conf" "created, too" -
    say reactivate "$(words true)"
    mkdir -p "$BASE/$R"; cp "$T"/p/* "$BASE/$R/"
}
crash_stub() {
    mkdir -p "$T/stub"
    cat >"$T/stub/sync" <<'STUB'
#!/bin/sh
read -r left <"$FETTLE_TEST_COUNT"
echo $((left - 1)) >"$FETTLE_TEST_COUNT"
[ "$left" -ne 1 ] || kill -9 $PPID
exit 0
STUB
    chmod 755 "$T/stub/sync"
    export FETTLE_TEST_COUNT="$T/count"
}
confirm_soon() {
    patience=300
    while [ "$patience" -gt 0 ]; do
        if grep -q waiting "$BASE/$R/journal" 2>/dev/null; then : >"$BASE/$R/confirm"; return; fi
        sleep 0.1
        patience=$((patience - 1))
    done
}
killed_at() { # K VERB: 0 if it was killed
    echo "$1" >"$T/count"
    (PATH=$T/stub:$PATH exec sh "$BASE/$R/txn" "$2" >/dev/null 2>&1) 2>/dev/null
    [ "$(cat "$T/count")" -le 0 ]
}
sound() { [ "$(content)" = "$before" ] && clean && [ ! -e "$BASE/unfinished/$R" ]; }
crashes() {
    crash_stub
    k=$TXN_TEST_LANE mixed=0 runs=0
    while :; do
        crash_setup 0
        killed_at "$k" apply 2>/dev/null || break
        runs=$((runs + 1))
        if [ $((runs % 2)) -eq 0 ]; then
            sh "$BASE/$R/txn" recover >/dev/null 2>&1
        else # the next run finds the dead lock and recovers first
            after=t$$-$((serial + 1))
            mkdir "$BASE/$after"; cp "$change/txn.sh" "$BASE/$after/txn"
            printf 'run %s\nconfirm-timeout 0\n' "$after" >"$BASE/$after/manifest"
            serial=$((serial + 1))
            sh "$BASE/$after/txn" apply
        fi
        sound || { mixed=$((mixed + 1)); echo "  mixed at $k: $(tail -n 3 "$BASE/$R/journal")" >&2; }
        k=$((k + LANES * STEP))
    done
    check "killed at $runs places of apply and put back, none mixed" is "$mixed" 0
    check 'there were places to be killed at' test "$runs" -gt 1
    k=$TXN_TEST_LANE mixed=0 runs=0
    crash_setup 40
    confirm_soon &
    sh "$BASE/$R/txn" apply
    check 'confirmed before the undo' is "$(last)" 'end confirmed'
    mkdir "$T/saved" && cp -a "$D" "$T/saved/D" && cp -a "$BASE/$R" "$T/saved/R"
    while :; do
        rm -rf "$D" "${BASE:?}/$R"
        cp -a "$T/saved/D" "$D" && cp -a "$T/saved/R" "$BASE/$R"
        killed_at "$k" undo || break
        runs=$((runs + 1))
        sh "$BASE/$R/txn" undo >/dev/null 2>&1
        sound || { mixed=$((mixed + 1)); echo "  mixed at $k" >&2; }
        k=$((k + LANES * STEP))
    done
    check "undo killed at $runs places, then undone again" is "$mixed" 0
}

patient() { sed -i 's/^validate-timeout.*/validate-timeout 20/' "$T/p/manifest"; }

proves() {
    command -v nginx >/dev/null && [ "$(id -u)" -eq 0 ] || return 0
    fresh; cp "$change/prove.sh" "$T/p/prove"
    edit /etc/nginx/nginx.conf "$(cat /etc/nginx/nginx.conf)$NL# a comment$NL"; validate nginx -t; patient
    host() { find /etc/nginx /run /var/log/nginx /var/lib/nginx /mnt /media -xdev -path "$T" -prune -o -printf '%p %s %m %U %G %T@ %C@\n' 2>/dev/null | grep -v '/bash_'; }
    rm -f /run/nginx.pid
    before=$(host)
    check 'a good edit' is "$(boot prove)" ok
    check 'the host is untouched' is "$(host)" "$before"
    echo 'bogus_directive on;' >>"$T/p/new.1"
    check 'a bad edit' like "$(boot prove)" 'failed 1 1*| *bogus_directive*'
    check 'the host is still untouched' is "$(host)" "$before"
    check 'apply refuses it before it touches anything' like "$(boot apply | tail -n 1)" '* end refused-invalid 1 *bogus_directive*'
    check 'and the host is untouched' is "$(host)" "$before"
    fresh; cp "$change/prove.sh" "$T/p/prove"
    create /etc/nginx/conf.d/made-by-a-test.conf "bogus_directive on;$NL" -; validate nginx -t; patient
    before=$(host)
    check 'a new file that is refused' like "$(boot prove)" 'failed 1 1*| *bogus_directive*'
    echo '# nothing' >"$T/p/new.1"
    create /etc/nginx/made-by-a-test/x.conf "# nothing$NL" /etc/nginx/made-by-a-test
    check 'a good one, and one in a new folder' is "$(boot prove)" ok
    check 'the host has none of them' is "$(host)" "$before"
    pool=$(echo /etc/php/*/fpm/pool.d/www.conf)
    [ -f "$pool" ] || return 0
    fresh; cp "$change/prove.sh" "$T/p/prove"
    edit "$pool" "$(cat "$pool")$NL; a comment$NL"; validate php-fpm8.2 -t; patient
    check 'a good pool' is "$(boot prove)" ok
    echo 'pm.max_children = many' >>"$T/p/new.1"
    check 'a bad pool' like "$(boot prove)" 'failed 1 *| *'
    fresh; cp "$change/prove.sh" "$T/p/prove"; edit "$D/one.conf" new; validate sleep 60
    check 'prove of one that hangs' like "$(boot prove)" 'failed 1 124*'
}

small() { happy; keeps; }

# `sh` is what the scripts find under that name.
with_shell() { # NAME COMMAND CASES...
    shell=$1
    mkdir -p "$T/sh.$1"
    ln -sf "$(command -v "$2")" "$T/sh.$1/sh"
    PATH=$T/sh.$1:$real_path
    shift 2
    for c; do "$c"; done
    PATH=$real_path
}

# The crashes take longest: they run in lanes beside the rest, each in a world of its own.
LANES=3
STEP=3
[ -z "$TXN_TEST_ALL" ] || STEP=1
start_lanes() {
    lane=1
    while [ "$lane" -le "$LANES" ]; do
        TXN_TEST_INSIDE='' TXN_TEST_LANE=$lane sh "$here/${0##*/}" >"$T/lane.$lane" 2>&1 &
        lane=$((lane + 1))
    done
}
collect_lanes() {
    wait
    for lane in "$T"/lane.*; do
        # Words of shells about the children killed on purpose are no news.
        grep -v '^Killed$' "$lane" | sed '$d' >&2
        # shellcheck disable=SC2046
        set -- $(tail -n 1 "$lane")
        passed=$((passed + ${1:-0})) failed=$((failed + ${3:-1}))
    done
}

rest='happy puts_back creates refuses keeps validators two_at_once recovers full_disk units budget proves'
if [ -n "$TXN_TEST_LANE" ]; then
    shell='sh'
    crashes
else
    start_lanes
    if [ "$#" -gt 0 ]; then
        # shellcheck disable=SC2086
        for name; do with_shell "$name" "$name" ${TXN_TEST_CASES:-$rest}; done
    else
        # shellcheck disable=SC2086
        with_shell sh sh $rest
        ! command -v bash >/dev/null || with_shell bash bash small
        ! command -v busybox >/dev/null || with_shell busybox busybox small
    fi
    collect_lanes
fi
check 'no transaction left running' is "$(pgrep -f "^sh $BASE/t$$-[0-9]+/txn" | wc -l)" 0
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
