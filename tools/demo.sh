#!/usr/bin/env bash
# Shows the main job on this repository itself.
set -euo pipefail
happy=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
ask() { "$happy" --index-dir "$scratch/index" "$@"; }
say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }

say "happy index"
ask index --format text
say "happy symbols src/query --kind function | head"
ask symbols src/query --kind function --format text --color never | sed -n '1,10p'
say "happy callers src/query/find.rs::find"
ask callers src/query/find.rs::find --format text
say "happy callers --transitive src/query/names.rs::symbol_text | jq -r .symbol | sort -u | head"
ask callers --transitive src/query/names.rs::symbol_text 2>/dev/null | jq -r .symbol | sort -u | sed -n '1,10p'
say "happy path src/cmd/callers.rs::run src/query/names.rs::symbol"
ask path src/cmd/callers.rs::run src/query/names.rs::symbol --format text || true
say "happy callers src/query/find.rs::find | happy show -"
ask callers src/query/find.rs::find 2>/dev/null | ask show - --format text | sed -n '1,20p'

# The agent: the model's answers are recorded, all the rest is real.
shop=$scratch/shop
tools/demo/shop.sh "$shop"
python3 "$(dirname "$0")/demo/record.py" > "$scratch/recording.jsonl"
printf '\n%s\n' "The agent now mends a bug in a small repository. No model is asked: its answers" \
  "are recorded in tools/demo/record.py. The questions to the index, the sandboxed" \
  "session, the test runs and the gate are real."
say "happy agent --replay recording.jsonl"
"$happy" -C "$shop" agent --replay "$scratch/recording.jsonl" --format text
say "git diff"
git -C "$shop" --no-pager diff
