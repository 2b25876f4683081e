# packages.sh: sourced by tests/check and tests/demo; says what is missing, and installs it.
#
#   packages_need COMMAND-OR-FILE PACKAGE    notes PACKAGE as missing unless the command or file is there
#   packages_install ASK                     installs what was noted; ASK=ask asks first, ASK=yes does not

packages_missing=

packages_need() {
    case $1 in
    /*) [ -e "$1" ] && return 0 ;;
    *) command -v "$1" >/dev/null 2>&1 && return 0 ;;
    esac
    packages_missing="$packages_missing $2"
}

# A library counts as there when pkg-config finds it.
packages_need_library() {
    pkg-config --exists "$1" 2>/dev/null || packages_missing="$packages_missing $2"
}

packages_need_servers() {
    [ -x /usr/sbin/nginx ] || packages_missing="$packages_missing nginx"
    ls /usr/sbin/php-fpm* >/dev/null 2>&1 || packages_missing="$packages_missing php-fpm"
}

# What only the tests and the demo wanted shall not start with the machine.  Both work on files, also
# where systemd does not run.
packages_not_at_boot() {
    for service; do
        [ -e "/etc/init.d/$service" ] || continue
        packages_as_root update-rc.d "$service" disable
        if command -v systemctl >/dev/null 2>&1; then
            packages_as_root systemctl -q disable "$service"
        fi
    done >/dev/null 2>&1
    return 0
}

packages_as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        echo "packages cannot be installed: neither root nor sudo; install them yourself:$packages_missing" >&2
        return 1
    fi
}

# Packages of daemons start them when they are installed.  Nothing here wants that, so for the time
# of the installation the standard hook of Debian's invoke-rc.d says no; one that is there already is kept.
packages_quietly() {
    policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then
        packages_as_root "$@"
        return
    fi
    # A shell of its own: its traps leave the caller's alone.
    (
        trap 'packages_as_root rm -f "$policy"' EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM HUP
        packages_as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy" &&
            packages_as_root "$@"
    )
}

packages_install() {
    [ -n "$packages_missing" ] || return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "missing, and there is no apt-get to install them with:$packages_missing" >&2
        return 1
    fi
    echo "These Debian packages are missing:$packages_missing"
    if [ "$1" = ask ]; then
        if [ ! -t 0 ]; then
            echo "nobody to ask: run it with --yes to install them" >&2
            return 1
        fi
        printf 'Install them with apt-get now? [y/N] '
        read -r answer || answer=
        case $answer in
        y | Y | yes) ;;
        *)
            echo "nothing was installed" >&2
            return 1
            ;;
        esac
    fi
    packages_as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update || return 1
    # shellcheck disable=SC2086 # one word for each package
    packages_quietly env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install \
        $packages_missing >/dev/null || return 1
    case " $packages_missing " in *' nginx '*) packages_not_at_boot nginx ;; esac
    case " $packages_missing " in *' openssh-server '*) packages_not_at_boot ssh ;; esac
    case " $packages_missing " in *' php-fpm '*)
        # shellcheck disable=SC2046 # one word for each
        packages_not_at_boot $(cd /etc/init.d && ls -d php*-fpm 2>/dev/null)
        ;;
    esac
}

packages_for_building() {
    packages_need cc gcc
    packages_need cmake cmake
    packages_need make make
    packages_need pkg-config pkg-config
    # There where a compiler is; on the smallest machines it is not.
    packages_need /usr/include/stdio.h libc6-dev
    packages_need_library libuv libuv1-dev
    packages_need_library jansson libjansson-dev
    packages_need_library yaml-0.1 libyaml-dev
    packages_need_library lua5.4 liblua5.4-dev
    packages_need_library libssh2 libssh2-1-dev
    packages_need_library libcrypto libssl-dev
}
