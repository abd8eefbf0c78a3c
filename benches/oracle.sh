#!/usr/bin/env bash
# Scores the call graph of real repositories against compilers and type checkers.
#
#   benches/oracle.sh                      every language, one table
#   benches/oracle.sh rust go              these languages
#   benches/oracle.sh -v rust              the worst misses and inventions as well
#   benches/oracle.sh --worst guava        20 misses and 20 inventions, one row per site
#   benches/oracle.sh --show db_impl.cc:1 leveldb    every mistake at or about such a place
#   benches/oracle.sh --markdown           the same as tables for docs/accuracy.md
#   benches/oracle.sh --truth go           makes the truth anew, scores nothing
#
# The truth of a repository is made on first use and kept in
# $HAPPY_CORPUS/oracle; benches/corpus.sh brings the repository. Needed besides:
# a JDK for Java, node and npm for TypeScript, Go for Go, a C++ compiler for C++.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
export HAPPY_CORPUS=${HAPPY_CORPUS:-$HOME/.cache/happy-corpus} PYTHONDONTWRITEBYTECODE=1
export HAPPY_BIN=${HAPPY_BIN:-$here/../target/fast/happy}
venv=$HAPPY_CORPUS/oracle-venv
python=$venv/bin/python

# language · repository · what the oracle is told
table="
python     django         django
python     mypy           mypy
typescript rxjs           src/internal
typescript effect         src
rust       regex-automata
rust       clap_builder
go         x-tools
java       commons-lang3  src/main/java
java       guava          guava/src
cpp        leveldb        -- -std=c++17 -DLEVELDB_PLATFORM_POSIX
"

verbose= markdown= truth= show= worst= wanted=" "
while [ $# -gt 0 ]; do
    word=$1 && shift
    case $word in
    --show) show=${1:?a file, or file:line} && shift ;;
    -v | --verbose) verbose=1 ;;
    --worst) worst=1 ;;
    --markdown) markdown=--markdown verbose=1 ;;
    --truth) truth=1 ;;
    -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" && exit ;;
    -*) echo "error: unknown option \`$word\`" >&2 && exit 2 ;;
    *) wanted="$wanted$word " ;;
    esac
done

if ! [ -x "$python" ] || ! "$python" -c 'import clang, tree_sitter_rust' 2>/dev/null; then
    echo "oracle: making $venv" >&2
    python3 -m venv "$venv"
    "$venv/bin/pip" -q install pyrefly==1.4.1 libclang==18.1.1 tree-sitter tree-sitter-rust
fi
export PYREFLY=$venv/bin/pyrefly

numbers=
while read -r language name arguments; do
    [ -n "$language" ] || continue
    [ "$wanted" = " " ] || [[ $wanted == *" $language "* || $wanted == *" $name "* ]] || continue
    repository=$HAPPY_CORPUS/repos/$name
    [ -d "$repository" ] || "$here/corpus.sh" "$name" >&2
    if [ -n "$truth" ] || [ ! -f "$HAPPY_CORPUS/oracle/$name.$language.jsonl" ]; then
        # shellcheck disable=SC2086 # the arguments are words
        "$python" "$here/oracle/$language.py" "$repository" $arguments >&2
    fi
    [ -z "$truth" ] || continue
    edges=$HAPPY_CORPUS/oracle/$name.edges.jsonl
    rm -rf "$repository/.git/happy"
    (cd "$repository" && "$HAPPY_BIN" graph --edge calls --format jsonl) >"$edges"
    if [ -n "$show" ]; then
        "$python" "$here/oracle/score.py" "$repository" "$language" --edges "$edges" --show "$show"
        continue
    fi
    if [ -n "$worst" ]; then
        "$python" "$here/oracle/worst.py" "$repository" "$language" --edges "$edges"
        continue
    fi
    if [ -n "$verbose" ]; then
        "$python" "$here/oracle/score.py" "$repository" "$language" --edges "$edges" $markdown
        echo
    fi
    numbers+=$("$python" "$here/oracle/score.py" "$repository" "$language" --edges "$edges" --json)$'\n'
done <<<"$table"
[ -n "$truth$show$worst" ] || "$python" "$here/oracle/table.py" $markdown <<<"$numbers"
