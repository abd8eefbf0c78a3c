#!/usr/bin/env bash
# Writes a sound snapshot of a small repository to FILE, for `index_snapshot`.
set -euo pipefail
file=$1
cd "$(dirname "$0")/.."
happy=${HAPPY:-$(ls -t target/{fast,release,debug}/happy 2>/dev/null | head -1)}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp -r tests/fixtures/python/. "$folder"
git -C "$folder" init -q
git -C "$folder" add -A
git -C "$folder" -c user.name=fuzz -c user.email=fuzz@localhost commit -qm seeds
happy=$(realpath "$happy")
(cd "$folder" && "$happy" index >/dev/null)
found=$(find "$folder/.git/happy" -type f -path '*/commits/*' | head -1)
mkdir -p "$(dirname "$file")"
cp "$found" "$file"
