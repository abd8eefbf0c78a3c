#!/bin/sh
# Installs what the sandboxes and their tests need on Debian: bubblewrap, and
# gVisor's `runsc` from the backports section (the one in Debian 12's stable
# section is too old for rootless use).
#
# The backports line is derived from the machine's own apt sources, so that a
# mirror or a proxy is kept. Running it twice changes nothing. Where it cannot
# install (not root, no apt), it says what to do and exits 0, since the tests
# skip a backend that is absent and say so.
set -eu

say() { printf 'install-sandboxes: %s\n' "$*" >&2; }

advice() {
    say "$1"
    say "hint: as root on Debian or Ubuntu run \`apt-get install bubblewrap\`, and install \`runsc\` from your distribution's backports or from gVisor's own releases"
    exit 0
}

works() {
    # `runsc` that cannot run rootless without cgroups is as good as absent.
    command -v "$1" >/dev/null 2>&1 || return 1
    [ "$1" != runsc ] || [ "$(runsc --version | sed -n "1s/.*\([0-9]\{8\}\).*/\1/p")" -ge 20240101 ] 2>/dev/null
}

if works bwrap && works runsc; then
    say "bubblewrap and runsc are installed"
    exit 0
fi
command -v apt-get >/dev/null 2>&1 || advice "no apt-get here"
[ "$(id -u)" -eq 0 ] || advice "not root: cannot install"
[ -r /etc/os-release ] || advice "no /etc/os-release: which distribution is this?"
# shellcheck source=/dev/null
. /etc/os-release
codename=${VERSION_CODENAME:-}
[ -n "$codename" ] || advice "/etc/os-release names no release"

export DEBIAN_FRONTEND=noninteractive
updated=
update() {
    [ -n "$updated" ] || apt-get update -qq || advice "apt-get update failed"
    updated=1
}

if ! works bwrap; then
    update
    apt-get install -y -qq --no-install-recommends bubblewrap >/dev/null || advice "cannot install bubblewrap"
fi

# The first enabled source of the release itself, with its suite replaced.
# Two formats: deb822 (`*.sources`) and one line each (`*.list`).
backports_deb822() {
    awk -v suite="$codename" '
        BEGIN { RS = ""; FS = "\n" }
        {
            wanted = 0; out = ""; off = 0
            for (i = 1; i <= NF; i++) {
                if ($i ~ /^#/) continue
                if ($i ~ /^Enabled:[ \t]*no/) off = 1
                if ($i ~ /^Suites:/) {
                    n = split(substr($i, 8), names, /[ \t]+/)
                    for (k = 1; k <= n; k++) if (names[k] == suite) wanted = 1
                    $i = "Suites: " suite "-backports"
                }
                if ($i ~ /^Types:/) $i = "Types: deb"
                out = out $i "\n"
            }
            if (wanted && !off) { printf "%s", out; exit }
        }' "$@" /dev/null
}
backports_list() {
    awk -v suite="$codename" '
        $1 == "deb" {
            for (i = 2; i <= NF; i++) if ($i == suite) { $i = suite "-backports"; print; exit }
        }' "$@" /dev/null
}

if ! works runsc; then
    update
    if ! apt-cache policy 2>/dev/null | grep -q "n=${codename}-backports"; then
        set -- /etc/apt/sources.list.d/*.sources
        [ -e "$1" ] || set --
        stanza=$(backports_deb822 "$@")
        if [ -n "$stanza" ]; then
            printf '%s\n' "$stanza" >/etc/apt/sources.list.d/happy-backports.sources
        else
            set -- /etc/apt/sources.list.d/*.list
            [ -e "$1" ] || set --
            [ ! -e /etc/apt/sources.list ] || set -- /etc/apt/sources.list "$@"
            line=$(backports_list "$@")
            [ -n "$line" ] || advice "found no apt source of $codename to derive backports from"
            printf '%s\n' "$line" >/etc/apt/sources.list.d/happy-backports.list
        fi
        updated=
        update
    fi
    apt-get install -y -qq --no-install-recommends -t "${codename}-backports" runsc >/dev/null \
        || apt-get install -y -qq --no-install-recommends runsc >/dev/null \
        || advice "cannot install runsc"
fi

works bwrap && works runsc || advice "something is still missing"
say "installed bubblewrap $(bwrap --version | sed 's/^bubblewrap //') and $(runsc --version | head -1)"
