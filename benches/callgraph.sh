#!/usr/bin/env bash
# Scores `happy graph --edge calls` against the public call-graph suites.
#
#   benches/callgraph.sh                      every suite, one table
#   benches/callgraph.sh pycg go_vta          these suites
#   benches/callgraph.sh pycg -v              every miss and invention, with the source lines
#   benches/callgraph.sh pycg -v CASE         those of the cases whose name contains CASE
#   benches/callgraph.sh --help               the rest
#
# Nothing of the suites lies in this repository. They are expected in
# $CALLGRAPH_SUITES (default $HAPPY_CORPUS/suites), the scorer in
# $CALLGRAPH_TOOLS; with `mksuites.py` there and the unpacked source
# repositories in $HAPPY_CORPUS/suites-src, missing suites are made.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
corpus=${HAPPY_CORPUS:-$HOME/.cache/happy-corpus}
suites=${CALLGRAPH_SUITES:-$corpus/suites}
tools=${CALLGRAPH_TOOLS:-$corpus/callgraph-tools}
venv=$corpus/venv

if [ ! -f "$tools/score.py" ]; then
    echo "error: no scorer at \`$tools/score.py\`" >&2
    echo "hint: set CALLGRAPH_TOOLS to the folder that holds \`score.py\` and \`mksuites.py\`" >&2
    exit 2
fi
if ! [ -x "$venv/bin/python" ] || ! "$venv/bin/python" -c 'import tree_sitter_cpp' 2>/dev/null; then
    echo "callgraph: making $venv" >&2
    python3 -m venv "$venv"
    "$venv/bin/pip" -q install tree-sitter tree-sitter-python tree-sitter-javascript \
        tree-sitter-typescript tree-sitter-java tree-sitter-go tree-sitter-rust tree-sitter-cpp
fi
if [ ! -d "$suites" ]; then
    if [ ! -d "$corpus/suites-src" ]; then
        echo "error: neither suites at \`$suites\` nor their sources at \`$corpus/suites-src\`" >&2
        echo "hint: set CALLGRAPH_SUITES, or unpack the source repositories as the scorer's README says" >&2
        exit 2
    fi
    echo "callgraph: making $suites" >&2
    (cd "$tools" && PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" mksuites.py "$corpus/suites-src" "$suites" >&2)
fi

export HAPPY_CORPUS=$corpus CALLGRAPH_SUITES=$suites CALLGRAPH_TOOLS=$tools PYTHONDONTWRITEBYTECODE=1
export HAPPY_BIN=${HAPPY_BIN:-$here/../target/fast/happy}
exec "$venv/bin/python" "$here/callgraph.py" "$@"
