#!/usr/bin/env bash
# A push to Django that breaks one function, and one that does not: what the
# hook says, and how long each push takes.
#
#   benches/push.sh               slugify, parse_duration and EmailValidator
#   benches/push.sh --markdown    as a table for docs/performance.md
#
# Works on a copy of $HAPPY_CORPUS/repos/django with a bare remote beside it;
# benches/corpus.sh brings Django. $HAPPY_BIN is the binary, by default that of
# `--profile fast`; $PYTHON a Python with `asgiref` and `sqlparse`, by default
# one that is made here.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
corpus=${HAPPY_CORPUS:-$HOME/.cache/happy-corpus}
binary=$(realpath "${HAPPY_BIN:-$here/../target/fast/happy}")
case " $* " in *" -h "* | *" --help "*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" && exit ;; esac
[ -d "$corpus/repos/django" ] || "$here/corpus.sh" django >&2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$binary" "$work/bin/happy"
if [ -z "${PYTHON:-}" ]; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install -q --disable-pip-version-check asgiref sqlparse
    PYTHON=$work/venv/bin/python
fi
export PATH="$work/bin:$(dirname "$PYTHON"):$PATH"
export GIT_AUTHOR_NAME=bench GIT_AUTHOR_EMAIL=bench@localhost
export GIT_COMMITTER_NAME=bench GIT_COMMITTER_EMAIL=bench@localhost

git clone -q --no-hardlinks "$corpus/repos/django" "$work/django"
cd "$work/django"
git checkout -q -B main
git init -q --bare "$work/there.git"
git remote remove origin
git remote add origin "$work/there.git"
git push -q -u origin main
happy hook install --only pre-push >/dev/null
happy -q index >/dev/null

markdown=false
[ "${1:-}" != --markdown ] || markdown=true
! $markdown || printf '| change | push | time | tests run | what the hook said |\n|---|---|--:|--:|---|\n'

push() { # WHAT WANTED FILE SCRIPT-OF-SED
    sed -i "$4" "$3"
    git diff --quiet && { echo "error: \`$4\` changes nothing in $3" >&2; exit 2; }
    git commit -qam "$1"
    local start end code=0 said
    start=$(date +%s%N)
    git push -q origin main 2>"$work/said" || code=$?
    end=$(date +%s%N)
    said=passed
    [ $code = 0 ] || said=stopped
    local seconds run last
    seconds=$(awk "BEGIN { printf \"%.1f s\", ($end - $start) / 1e9 }")
    run=$(sed -n 's/^happy: \([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p' "$work/said" | awk '{ print $1 + $2 }')
    last=$(sed -n 's/^happy: \(failed: .*\)/\1/p' "$work/said" | cut -c1-120)
    [ -n "$last" ] || last=$(sed -n 's/^happy: \(.* passed, .*\)/\1/p' "$work/said")
    if $markdown; then
        printf '| %s | %s | %s | %s | %s |\n' "$1" "$said" "$seconds" "$run" "$last"
    else
        printf '== %s: %s in %s\n' "$1" "$said" "$seconds"
        sed 's/^/   /' "$work/said"
    fi
    [ "$said" = "$2" ] || missed=1
    git reset -q --hard HEAD~1
    git push -q --no-verify -f origin main
}

missed=0
text=django/utils/text.py
push 'slugify keeps a dash at the end' stopped $text 's/value).strip("-_")/value).strip("_")/'
push 'slugify, rewritten' passed $text 's/    value = str(value)$/    value = f"{value}"/'
dates=django/utils/dateparse.py
push 'parse_duration loses the sign' stopped $dates 's/sign = -1 if kw.pop("sign", "+") == "-" else 1/sign = 1 if kw.pop("sign", "+") == "-" else 1/'
push 'parse_duration, rewritten' passed $dates 's/sign = -1 if kw.pop("sign", "+") == "-" else 1/sign = 1 if kw.pop("sign", "+") != "-" else -1/'
mail=django/core/validators.py
push 'EmailValidator takes what is too long' stopped $mail 's/if not value or "@" not in value or len(value) > 320:/if not value or "@" not in value or len(value) > 3200:/'
push 'EmailValidator, rewritten' passed $mail 's/if not value or "@" not in value or len(value) > 320:/if not value or len(value) > 320 or "@" not in value:/'
exit $missed
