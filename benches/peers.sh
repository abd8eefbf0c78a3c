#!/usr/bin/env bash
# Times `happy` beside two fast call-graph tools on the same repositories.
#
#   benches/peers.sh                    django and rust-analyzer, three rounds each
#   benches/peers.sh -n 5 guava         five rounds of another repository
#   benches/peers.sh --install          puts the two tools into the scratch folder
#   benches/peers.sh --accuracy         their edges, scored on the suites of callgraph.sh
#
# Each tool builds its graph from nothing: `happy index` after its index is
# deleted; cgg by its Python module, call resolution included, nothing printed;
# codegraph by `init` in a fresh copy. Tests count as source for all three. The
# rounds are interleaved, so that a busy machine slows all alike; the table has
# medians of wall time, and the greatest peak memory. Telemetry and background
# processes of the tools are off, and they run without a network where that is
# allowed.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
corpus=${HAPPY_CORPUS:-$HOME/.cache/happy-corpus}
happy=$(realpath -m "${HAPPY_BIN:-$here/../target/fast/happy}")
scratch=$corpus/peers
cgg_version=0.11.2
codegraph_version=1.6.1

install() {
    if [ ! -d "$corpus/peers-venv" ]; then
        python3 -m venv "$corpus/peers-venv"
        "$corpus/peers-venv/bin/pip" -q install "cgg-callgraphgenerator==$cgg_version"
    fi
    if [ ! -d "$corpus/peers-npm/node_modules/@colbymchenry/codegraph" ]; then
        mkdir -p "$corpus/peers-npm"
        npm install --silent --prefix "$corpus/peers-npm" "@colbymchenry/codegraph@$codegraph_version"
    fi
}

rounds=3 names=()
while [ $# -gt 0 ]; do
    case $1 in
    -n) rounds=$2 && shift ;;
    --install) install && exit ;;
    --accuracy)
        shift && install
        # `benches/callgraph.sh` says what these are, and makes the environment.
        export HAPPY_CORPUS=$corpus CALLGRAPH_TOOLS=${CALLGRAPH_TOOLS:-$corpus/callgraph-tools}
        export CALLGRAPH_SUITES=${CALLGRAPH_SUITES:-$corpus/suites} PYTHONDONTWRITEBYTECODE=1
        exec "$corpus/venv/bin/python" "$here/peers_accuracy.py" "$@"
        ;;
    -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" && exit ;;
    -*) echo "error: unknown option \`$1\`" >&2 && exit 2 ;;
    *) names+=("$1") ;;
    esac
    shift
done
[ ${#names[@]} -gt 0 ] || names=(django rust-analyzer)
[ -x /usr/bin/time ] || { echo "error: \`/usr/bin/time\` is missing"$'\n'"hint: install GNU time" >&2 && exit 2; }
install
mkdir -p "$scratch/home"

isolate=()
unshare -n true 2>/dev/null && isolate=(unshare -n)
threads=$(nproc)

# Seconds and kilobytes of one command, whose output goes to a log.
measure() { # TOOL NAME COMMAND…
    local tool=$1 name=$2 sheet=$scratch/measure
    shift 2
    if ! env HOME="$scratch/home" DO_NOT_TRACK=1 CODEGRAPH_TELEMETRY=0 CODEGRAPH_NO_DAEMON=1 \
        /usr/bin/time -f '%e %M' -o "$sheet" "${isolate[@]}" "$@" >"$scratch/$tool.log" 2>&1; then
        echo "error: $tool failed on $name, see \`$scratch/$tool.log\`" >&2
        return 0
    fi
    echo "$tool $name $(cat "$sheet")" >>"$scratch/rows"
}

: >"$scratch/rows"
for name in "${names[@]}"; do
    repository=$corpus/repos/$name
    [ -d "$repository" ] || "$here/corpus.sh" "$name" >&2
    for ((round = 0; round < rounds; round++)); do
        rm -rf "$repository/.git/happy"
        measure happy "$name" env -C "$repository" "$happy" index
        measure cgg "$name" "$corpus/peers-venv/bin/python" -c \
            'import cgg, sys; cgg.analyze(sys.argv[1], include_tests=True, jobs=int(sys.argv[2]))' "$repository" "$threads"
        rm -rf "$scratch/copy"
        cp -r "$repository" "$scratch/copy"
        rm -rf "$scratch/copy/.git/happy"
        measure codegraph "$name" "$corpus/peers-npm/node_modules/.bin/codegraph" init -y "$scratch/copy"
    done
done
rm -rf "$scratch/copy"

python3 - "$scratch/rows" <<'PYTHON'
"""Medians of the measured rows, and each tool as a multiple of happy."""
import statistics
import sys
from collections import defaultdict

seconds, memory = defaultdict(list), defaultdict(list)
for line in open(sys.argv[1]):
    tool, name, wall, kilobytes = line.split()
    seconds[name, tool].append(float(wall))
    memory[name, tool].append(int(kilobytes) / 1024)
print(f"{'repository':16}{'tool':12}{'seconds':>9}{'spread':>14}{'MB':>8}{'x time':>8}{'x memory':>10}")
for (name, tool), walls in sorted(seconds.items(), key=lambda i: (i[0][0], i[0][1] != "happy", i[0][1])):
    base = statistics.median(seconds.get((name, "happy"), [0]))
    times = f"{statistics.median(walls) / base:8.2f}" if base else "       –"
    weight = f"{max(memory[name, tool]) / max(memory[name, 'happy']):10.2f}" if base else "         –"
    print(f"{name:16}{tool:12}{statistics.median(walls):9.2f}{min(walls):7.2f}–{max(walls):<6.2f}"
          f"{max(memory[name, tool]):8.0f}{times}{weight}")
PYTHON
