# lib.sh: the lab's parts, sourced by up, down, sh and run.
#
# A lab is one process, the keeper: PID 1 of a PID namespace that has a mount and a network
# namespace of its own.  Every mount, interface and process of the lab lives in those, so whoever
# kills the keeper has cleaned up, whatever state the lab was in; `ip netns` and mounts in the
# machine's own namespace were rejected since each of them would have to be taken back one by one.
# What a lab leaves outside is plain files in $lab_dir and empty control groups; lab_stop removes
# them, and lab_sweep those of labs that died.
#
#   lab_check                 can a lab run here?  exits 77 with the reason where not
#   lab_start HOW             the keeper, its bridge (10.77.0.0/16); HOW tied: it dies with this shell,
#                             detached: it stays until lab_stop
#   lab_stop, lab_sweep       this lab, the dead ones
#   lab_in COMMAND…           runs on the controller: in the lab's network, with its hosts' names
#   host_start IMAGE NAME…    boots hosts side by side
#   host_in NAME COMMAND…     root, inside
#   host_stop NAME
#   host_power_off NAME, host_power_on NAME   nobody inside is told; files stay as they are
#
# shellcheck shell=bash

lab_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab_repo=$(cd "$lab_here/../.." && pwd)
lab_cache=${XDG_CACHE_HOME:-/var/cache}/fettle-lab
lab_name=${FETTLE_LAB_NAME:-$(printf %s "$lab_repo" | cksum | cut -d' ' -f1)}
lab_all=/run/fettle-lab
lab_dir=$lab_all/$lab_name
export FETTLE_LAB_NAME=$lab_name # for the parts that run inside

lab_fail() {
    echo "lab: $*" >&2
    exit 1
}

# ctest's SKIP_RETURN_CODE is 77; where the lab is required, not running is a failure.
lab_skip() {
    echo "lab: skipped: $*" >&2
    [ "${FETTLE_LAB-}" != required ] || exit 1
    exit 77
}

lab_check() {
    local command why _
    [ "$(id -u)" -eq 0 ] || lab_skip "needs root"
    while read -r command _; do
        command -v "$command" >/dev/null || lab_skip "$command is missing; see tests/lab/packages"
    done <"$lab_here/packages"
    # The keeper's own first steps: within another container each of them may be refused.
    why=$(unshare --mount --net --pid --fork --kill-child --mount-proc \
        sh -ec 'mount -t tmpfs none /mnt; ip link set lo up; ip link add br0 type bridge' 2>&1) ||
        lab_skip "no namespaces with mounts and a bridge can be made here: $why"
    [ -w /sys/fs/cgroup ] || lab_skip "the control groups are read-only here: no host could be booted"
    [ -n "$(lab_cgroups check)" ] || lab_skip "no control groups are mounted here: no host could be booted"
    grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null || lab_skip "the kernel has no overlayfs"
    [ -r /etc/debian_version ] || lab_skip "the hosts are made with apt, and this is no Debian"
}

# ---- the root file system that all hosts share, read only ----

# The mirror is the one that this machine's apt uses for its own release.
lab_sources() {
    local codename
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    # shellcheck disable=SC2016 # apt's own variables
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v name="$codename" '$2 ~ "^" name "(-updates|-security)?$" {
            print "deb", $1, $2, $3 }' | sort -u
}

lab_image_make() {
    local target=$1 codename
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    # apt tells why a download failed only to who reads it all; and a mirror may have a bad moment.
    lab_sources | timeout 900 mmdebstrap --verbose --aptopt='Acquire::Retries "5"' --mode=root --variant=minbase --format=directory \
        --include="$(paste -sd, "$lab_here/host-packages")" --dpkgopt=force-unsafe-io \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --customize-hook="$lab_here/image" "$codename" "$target" -
}

# Prints the path.  Made beside and renamed, so that a half-made one is never taken for whole.
lab_image() {
    local key path making
    key=$({ cat "$lab_here/host-packages" "$lab_here/image"; declare -f lab_image_make; lab_sources; } |
        sha256sum | cut -c1-16)
    path=$lab_cache/$key
    if [ ! -d "$path" ]; then
        mkdir -p "$lab_cache"
        (
            flock -w 900 9 || lab_fail "another lab is making the image and does not finish"
            [ ! -d "$path" ] || exit 0
            rm -rf "$lab_cache"/making.*
            find "$lab_cache" -mindepth 1 -maxdepth 1 -type d -mtime +30 -exec rm -rf {} +
            making=$lab_cache/making.$$
            trap 'rm -rf "$making" "$making.log"' EXIT
            trap 'exit 130' INT TERM HUP
            echo "lab: making the hosts' root file system, once (a minute or two)" >&2
            lab_image_make "$making" >"$making.log" 2>&1 ||
                { grep -E '^(E:|W:|Err)' "$making.log" | tail -n 30 >&2; exit 1; }
            mv "$making" "$path"
        ) 9>"$lab_cache/lock" || lab_fail "the hosts' root file system could not be made"
    fi
    touch "$path" # what has not been used for a month goes when the next one is made
    echo "$path"
}

# ---- the lab ----

# A process is known by its number and its start time: numbers come round again.
lab_process() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    stat=${stat##*) }
    # shellcheck disable=SC2086 # fields
    set -- $1 $stat
    echo "$1 ${21}"
}

lab_alive() {
    local saved
    saved=$(cat "$1/keeper" 2>/dev/null) || return 1
    [ "$(lab_process "${saved%% *}")" = "$saved" ]
}

# Runs as PID 1 of the lab.
lab_keep() {
    mkdir -p "$lab_dir/fs"
    mount -t tmpfs -o mode=755 fettle-lab "$lab_dir/fs"
    mount --bind "$lab_dir/hosts" /etc/hosts
    ip link set lo up
    # With an address of its own: else it takes the lowest of its ports, and whoever knew the old one is not heard for
    # seconds when a host comes or goes.
    ip link add br0 address 02:00:0a:4d:00:01 type bridge
    ip address add 10.77.0.1/16 dev br0
    ip link set br0 up
    touch "$lab_dir/ready"
    while :; do
        sleep 3600 &
        wait $!
    done
}

lab_start() {
    local die=()
    lab_sweep
    lab_alive "$lab_dir" && return
    rm -rf "$lab_dir"
    mkdir -p "$lab_dir/host" "$lab_dir/ssh"
    [ "$1" != tied ] || die=(setpriv --pdeathsig KILL)
    printf '127.0.0.1 localhost\n10.77.0.1 controller\n' >"$lab_dir/hosts"
    : >"$lab_dir/ssh/known_hosts"
    ssh-keygen -q -t ed25519 -N '' -C fettle-lab -f "$lab_dir/ssh/id_ed25519"
    # shellcheck disable=SC2016 # for the shell inside
    "${die[@]}" setsid unshare --mount --net --pid --fork --kill-child --mount-proc \
        bash -eu -c '. "$1"; lab_keep' keeper "$lab_here/lib.sh" </dev/null >"$lab_dir/log" 2>&1 &
    disown
    lab_process $! >"$lab_dir/parent"
    lab_wait 10 "the lab does not start: see $lab_dir/log" test -e "$lab_dir/ready"
    lab_process "$(pgrep -P "$(cut -d' ' -f1 "$lab_dir/parent")")" >"$lab_dir/keeper"
}

# lab_wait SECONDS COMPLAINT COMMAND…
lab_wait() {
    local tries=$(($1 * 20)) complaint=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        # A subshell whose main shell was killed has nobody left to wait for.
        if [ "$tries" -le 0 ] || [ ! -d /proc/$$ ]; then
            lab_fail "$complaint"
        fi
        sleep 0.05
    done
}

lab_cgroups() {
    local root
    for root in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd /sys/fs/cgroup/memory; do
        [ ! -f "$root/cgroup.procs" ] || echo "$root/fettle-lab-$1"
    done
}

lab_remove() {
    local dir=$1 group
    if lab_alive "$dir"; then
        kill -KILL "$(cut -d' ' -f1 "$dir/keeper")"
        lab_wait 10 "the lab in $dir does not end" lab_is_gone "$dir"
    fi
    for group in $(lab_cgroups "$(basename "$dir")"); do
        [ ! -d "$group" ] || lab_wait 10 "$group is still in use" lab_cgroup_remove "$group"
    done
    rm -rf "$dir"
}

lab_is_gone() {
    ! lab_alive "$1"
}

lab_cgroup_remove() {
    find "$1" -depth -type d -exec rmdir {} + && [ ! -d "$1" ]
}

lab_stop() {
    [ ! -d "$lab_dir" ] || lab_remove "$lab_dir"
    rmdir "$lab_all" 2>/dev/null || :
}

# One that has no keeper yet is being started: it gets half a minute before it counts as dead.
lab_sweep() {
    local dir
    for dir in "$lab_all"/*/; do
        dir=${dir%/}
        if [ -d "$dir" ] && ! lab_alive "$dir" &&
            { [ -e "$dir/keeper" ] || [ -n "$(find "$dir" -maxdepth 0 -mmin +0.5)" ]; }; then
            lab_remove "$dir"
        fi
    done
}

lab_enter() {
    nsenter --target "$(cut -d' ' -f1 "$lab_dir/keeper")" --mount --net --pid -- "$@"
}

lab_in() {
    lab_alive "$lab_dir" || lab_fail "no lab runs here; start one with tests/lab/up"
    lab_enter "$@"
}

# ---- hosts ----

lab_overlay() {
    local name=$1 image=$2 root=$lab_dir/fs/$1
    mkdir -p "$root/upper" "$root/work" "$root/root"
    mount -t overlay overlay -o "lowerdir=$image,upperdir=$root/upper,workdir=$root/work" "$root/root"
    echo "$name" >"$root/root/etc/hostname"
    ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$root/root/etc/ssh/ssh_host_ed25519_key"
    ssh-keygen -q -t ecdsa -N '' -C "$name" -f "$root/root/etc/ssh/ssh_host_ecdsa_key"
    local home
    for home in /root /home/ops /home/deploy; do
        install -d -m 700 "$root/root$home/.ssh"
        install -m 600 "$lab_dir/ssh/id_ed25519.pub" "$root/root$home/.ssh/authorized_keys"
        chown -R --reference="$root/root$home" "$root/root$home/.ssh"
    done
}

# Runs inside the lab; the host gets control groups of its own, since its systemd believes that
# the groups it sees are all there are.
lab_boot() {
    local name=$1 image=$2 group
    mountpoint -q "$lab_dir/fs/$name/root" || lab_overlay "$name" "$image"
    for group in $(lab_cgroups "$lab_name/$name"); do
        mkdir -p "$group"
        echo $BASHPID >"$group/cgroup.procs"
    done
    exec setsid systemd-nspawn --quiet --boot --register=no --keep-unit --settings=no --link-journal=no \
        --resolv-conf=off --timezone=off --console=read-only --capability=CAP_SYSLOG --machine="$name" --network-bridge=br0 \
        --bind-ro="$lab_repo" --bind-ro="$lab_dir/hosts:/etc/hosts" -D "$lab_dir/fs/$name/root" </dev/null
}

host_init() {
    lab_enter pgrep -P "$(cat "$lab_dir/host/$1/nspawn")"
}

host_enter() {
    local init=$1
    shift
    lab_enter nsenter --target "$init" --all -- \
        env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER=root \
        LC_ALL=C.UTF-8 TERM="${TERM:-dumb}" "$@"
}

host_in() {
    local init
    init=$(cat "$lab_dir/host/$1/init" 2>/dev/null) || lab_fail "no host $1 runs in this lab"
    shift
    host_enter "$init" "$@"
}

host_is_up() {
    local init
    init=$(host_init "$1") && [ -n "$init" ] && echo "$init" >"$lab_dir/host/$1/init" &&
        host_enter "$init" test -S /run/dbus/system_bus_socket
}

host_finish() {
    local name=$1 address=$2 state
    lab_wait 30 "$name does not boot: see $lab_dir/host/$name/log" host_is_up "$name"
    host_in "$name" ip address add "$address/16" dev host0
    host_in "$name" ip link set host0 up
    state=$(host_in "$name" timeout 30 systemctl is-system-running --wait) ||
        host_in "$name" systemctl --failed --no-legend >&2
    [ "$state" = running ] || lab_fail "$name is $state after booting"
    host_in "$name" sh -c 'cat /etc/ssh/ssh_host_*_key.pub' |
        sed "s/^/$name,$address /" >>"$lab_dir/ssh/known_hosts"
}

# Addresses are given in the order of asking and not used again: the others still know an old one by the
# network card of a host that is gone.  10.77.0.0/24 and 10.77.9.0/24 are the cases' own.
host_address() {
    local last=0
    [ ! -e "$lab_dir/last" ] || last=$(<"$lab_dir/last")
    [ "$last" -lt 1750 ] || lab_fail "the lab has had all its addresses: start a new one"
    echo $((last + 1)) >"$lab_dir/last"
    echo "10.77.$((1 + last / 250)).$((2 + last % 250))"
}

host_register() {
    local address
    {
        flock -w 30 8
        address=$(host_address)
        echo "$address $1" >>"$lab_dir/hosts"
        echo "$address" >"$lab_dir/host/$1/address"
    } 8>"$lab_dir/lock"
}

# Written in place: the file is bound into the hosts, so it has to stay the same one.
host_unregister() {
    {
        flock -w 30 8
        sed "/ $1\$/d" "$lab_dir/hosts" >"$lab_dir/hosts.new"
        cat "$lab_dir/hosts.new" >"$lab_dir/hosts"
    } 8>"$lab_dir/lock"
    rm -rf "${lab_dir:?}/host/$1"
}

host_boot() {
    # shellcheck disable=SC2016 # for the shell inside
    lab_enter bash -eu -c '. "$1"; lab_boot "$2" "$3" >"$lab_dir/host/$2/log" 2>&1 & echo $! >"$lab_dir/host/$2/nspawn"' \
        boot "$lab_here/lib.sh" "$2" "$1" </dev/null >/dev/null 2>&1
}

host_start() {
    local image=$1 name
    shift
    for name; do
        case $name in *[!a-z0-9-]* | -* | controller | localhost) lab_fail "\"$name\" cannot be a host's name" ;; esac
        mkdir "$lab_dir/host/$name" 2>/dev/null || lab_fail "$name runs already"
        host_register "$name"
        host_boot "$image" "$name"
    done
    for name; do
        host_finish "$name" "$(cat "$lab_dir/host/$name/address")"
    done
}

host_is_gone() {
    ! lab_enter kill -0 "$1"
}

host_power_off() {
    local name=$1 nspawn
    [ -d "$lab_dir/host/$name" ] || lab_fail "no host $name runs in this lab"
    nspawn=$(cat "$lab_dir/host/$name/nspawn")
    lab_enter kill -KILL "$(lab_enter pgrep -P "$nspawn")" "$nspawn" 2>/dev/null || :
    lab_wait 10 "$name does not end" host_is_gone "$nspawn"
}

host_power_on() {
    host_boot - "$1"
    host_finish "$1" "$(cat "$lab_dir/host/$1/address")"
}

host_stop() {
    local name=$1
    host_power_off "$name"
    lab_enter umount "$lab_dir/fs/$name/root"
    lab_enter rm -rf "$lab_dir/fs/$name"
    host_unregister "$name"
}
