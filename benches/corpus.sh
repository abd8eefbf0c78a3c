#!/usr/bin/env bash
# Prepares real repositories from the package registries, to index and measure.
#
#   benches/corpus.sh                 everything but the kernel
#   benches/corpus.sh django guava    these alone
#   benches/corpus.sh --kernel        the Linux kernel as well (1.4 GB of source)
#   benches/corpus.sh --list          the names and versions
#
# Each lands as a Git repository in $HAPPY_CORPUS/repos/NAME (default
# ~/.cache/happy-corpus), its source in one commit with a fixed author and
# date: the same version gives the same commit id on every machine. What is
# there in the pinned version is left alone. The ordinary clients fetch (pip,
# npm, cargo, apt-get), from wherever this machine has them set up to.
set -euo pipefail

corpus=${HAPPY_CORPUS:-$HOME/.cache/happy-corpus}
repos=$corpus/repos
scratch=$corpus/download

# name · how it is fetched · package · version · what of it is kept
table="
django        pip    Django                   5.1                .
rust-analyzer cargo  ra_ap_rust-analyzer      0.0.349            ra_ap_*
regex-automata crate regex-automata           0.4.9              .
clap_builder  crate  clap_builder             4.5.40             .
mypy          pip    mypy                     1.17.1             .
effect        npm    effect                   3.18.4             package.json,tsconfig.json,src
rxjs          npm    rxjs                     7.8.2              package.json,tsconfig.json,src
x-tools       debian golang-golang-x-tools    1:0.5.0+ds-1       .
commons-lang3 debian libcommons-lang3-java    3.12.0-2+deb12u1   .
guava         debian guava-libraries          31.1-1             .
leveldb       debian leveldb                  1.23-4             .
rocksdb       debian rocksdb                  7.8.3-2            .
linux         debian linux                    ${KERNEL_VERSION:-6.1.170-3} .
"

die() { # MESSAGE HINT
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 2
}

need() { # COMMAND PACKAGE
    command -v "$1" >/dev/null || die "\`$1\` is not installed" "install \`$2\`, or name only the repositories you need"
}

fetch_pip() { # PACKAGE VERSION INTO
    need pip python3-pip
    pip download -q --no-deps --no-binary :all: -d "$scratch/pip" "$1==$2" >&2
    tar -xzf "$(ls "$scratch/pip/$1-$2".tar.gz "$scratch/pip/${1,,}-$2".tar.gz 2>/dev/null | head -1)" \
        -C "$3" --strip-components=1
}

fetch_npm() { # PACKAGE VERSION INTO
    need npm npm
    mkdir -p "$scratch/npm"
    local pack
    pack=$(cd "$scratch/npm" && npm pack --silent "$1@$2" | tail -1)
    tar -xzf "$scratch/npm/$pack" -C "$3" --strip-components=1
}

# Vendors what a manifest with this one exact dependency pulls in.
vendor() { # PACKAGE VERSION -> folder on stdout
    need cargo rustup
    local at=$scratch/cargo/$1
    rm -rf "$at" && mkdir -p "$at"
    printf '[package]\nname = "corpus"\nversion = "0.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n[dependencies]\n%s = "=%s"\n' \
        "$1" "$2" >"$at/Cargo.toml"
    touch "$at/lib.rs"
    (cd "$at" && cargo vendor -q vendor >/dev/null)
    echo "$at/vendor"
}

# The crates that match KEEP, as the members of one workspace. They pin one
# another exactly, so the set is as fixed as its head.
fetch_cargo() { # PACKAGE VERSION INTO KEEP
    local from crate
    from=$(vendor "$1" "$2")
    mkdir -p "$3/crates"
    for crate in "$from"/$4; do
        rm -f "$crate/.cargo-checksum.json"
        mv "$crate" "$3/crates/"
    done
    printf '[workspace]\nresolver = "2"\nmembers = ["crates/*"]\n' >"$3/Cargo.toml"
}

fetch_crate() { # PACKAGE VERSION INTO
    local from
    from=$(vendor "$1" "$2")
    rm -f "$from/$1/.cargo-checksum.json"
    cp -a "$from/$1/." "$3"
}

# Source packages need `deb-src` lines: they are derived from the machine's own
# `deb` lines into a private set of lists, so that no root is needed and the
# machine's settings stay as they are.
source_lists() { # sets `apt`, the options that name these lists
    need apt-get apt
    local at=$scratch/apt file
    apt=(-q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$at/parts"
        -o "Dir::State::lists=$at/lists" -o "Dir::Cache=$at/cache" -o APT::Sandbox::User=)
    [ ! -f "$at/updated" ] || return 0
    mkdir -p "$at/lists/partial" "$at/parts" "$at/cache/archives/partial"
    for file in /etc/apt/sources.list.d/debian*.sources; do
        [ ! -f "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" >"$at/parts/${file##*/}"
    done
    if [ -f /etc/apt/sources.list ]; then
        sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$at/parts/main.list"
    fi
    apt-get "${apt[@]}" update >&2
    touch "$at/updated"
}

# The upstream tarball alone: Debian's patches are no part of the corpus.
fetch_debian() { # PACKAGE VERSION INTO
    local apt
    source_lists
    mkdir -p "$scratch/debian/$1"
    (cd "$scratch/debian/$1" && apt-get "${apt[@]}" source --download-only --only-source "$1=$2" >&2) ||
        die "no source package \`$1\` of version $2" "see \`apt-cache policy\`, and change the version in this script"
    tar -xf "$(ls "$scratch/debian/$1"/*.orig.tar.* | grep -v '\.asc$' | head -1)" -C "$3" --strip-components=1
}

commit() { # FOLDER MESSAGE
    export GIT_AUTHOR_NAME=corpus GIT_AUTHOR_EMAIL=corpus@example.invalid GIT_AUTHOR_DATE=2024-01-01T00:00:00Z
    export GIT_COMMITTER_NAME=corpus GIT_COMMITTER_EMAIL=corpus@example.invalid GIT_COMMITTER_DATE=2024-01-01T00:00:00Z
    export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
    git -C "$1" init -q -b main --template=
    git -C "$1" config core.autocrlf false
    git -C "$1" config gc.auto 0
    git -C "$1" add -A -f
    git -C "$1" commit -q -m "$2"
    git -C "$1" gc -q
}

prepare() { # NAME HOW PACKAGE VERSION KEEP
    local to=$repos/$1 stamp="$3 $4"
    if [ "$(cat "$to/.git/corpus" 2>/dev/null)" != "$stamp" ]; then
        echo "corpus: fetching $1 ($3 $4)" >&2
        rm -rf "$to" "$to.part"
        mkdir -p "$to.part"
        "fetch_$2" "$3" "$4" "$to.part" "$5"
        if [ "$2" = npm ] && [ "$5" != . ]; then
            find "$to.part" -mindepth 1 -maxdepth 1 | grep -vE "/(${5//,/|})\$" | xargs -d '\n' rm -rf
        fi
        find "$to.part" -mindepth 1 -name .git -prune -exec rm -rf {} +
        commit "$to.part" "$stamp"
        echo "$stamp" >"$to.part/.git/corpus"
        mv "$to.part" "$to"
    fi
    local files lines
    files=$(git -C "$to" ls-files | wc -l)
    lines=$(git -C "$to" ls-files -z | grep -zE '\.(py|rs|ts|tsx|js|go|java|c|cc|cpp|h|hh)$' | (cd "$to" && xargs -0 cat) | wc -l)
    printf '%-15s %-22s %8d files %10d lines of code   %s\n' "$1" "$4" "$files" "$lines" "$(git -C "$to" rev-parse --short=12 HEAD)"
}

wanted=" "
kernel=
for word in "$@"; do
    case $word in
    --kernel) kernel=1 ;;
    --list) echo "$table" | awk 'NF { print $1, $4 }' && exit ;;
    -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" && exit ;;
    -*) die "unknown option \`$word\`" "see \`benches/corpus.sh --help\`" ;;
    *) wanted="$wanted$word " ;;
    esac
done
for word in $wanted; do
    echo "$table" | grep -q "^$word " || die "no repository \`$word\` in the corpus" "see \`benches/corpus.sh --list\`"
done

mkdir -p "$repos" "$scratch"
while read -r name how package version keep; do
    [ -n "$name" ] || continue
    if [ "$name" = linux ]; then
        [ -n "$kernel" ] || [[ $wanted == *" linux "* ]] || continue
    elif [ "$wanted" != " " ] && [[ $wanted != *" $name "* ]]; then
        continue
    fi
    prepare "$name" "$how" "$package" "$version" "$keep"
done <<<"$table"
