#!/usr/bin/env bash
# Prints the table of ratios that `happy` promises, measured in one run.
#
#   benches/performance.sh                 Django and rust-analyzer
#   benches/performance.sh -n 9            nine rounds instead of five
#   benches/performance.sh --markdown      as a table for docs/performance.md
#   benches/performance.sh --kernel        the Linux kernel once: time, memory, index size
#   benches/performance.sh --check         exit 1 when a goal is missed
#
# Works on copies in $HAPPY_CORPUS/performance; benches/corpus.sh brings what is
# missing. $HAPPY_BIN is the binary, by default that of `--profile fast`.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
export HAPPY_CORPUS=${HAPPY_CORPUS:-$HOME/.cache/happy-corpus} PYTHONDONTWRITEBYTECODE=1
export HAPPY_BIN=${HAPPY_BIN:-$here/../target/fast/happy}
case " $* " in
*" -h "* | *" --help "*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" && exit ;;
*" --kernel "*) needed=(django rust-analyzer linux) ;;
*) needed=(django rust-analyzer) ;;
esac
for name in "${needed[@]}"; do
    [ -d "$HAPPY_CORPUS/repos/$name" ] || "$here/corpus.sh" "$name" >&2
done
exec python3 "$here/performance.py" "$@"
