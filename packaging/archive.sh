#!/bin/sh
# Packs what a release holds: `archive.sh TARGET FOLDER-OF-PROGRAMS OUT`.
set -eu
target=$1 programs=$2 out=$3
root=$(cd "$(dirname "$0")/.." && pwd)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -1)
name=happy-$version-$target
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/$name/bin" "$work/$name/completions" "$out"
cp "$programs/happy" "$programs/git-happy" "$work/$name/bin/"
cp -R "$root/man" "$work/$name/man"
cp -R "$root/languages" "$work/$name/languages"
cp "$root/completions/happy.bash" "$root/completions/_happy" "$root/completions/happy.fish" "$work/$name/completions/"
cp "$root/README.md" "$root/CHANGELOG.md" "$root/LICENSE-MIT" "$root/LICENSE-APACHE" "$work/$name/"
tar -C "$work" -czf "$out/$name.tar.gz" "$name"
cd "$out"
if command -v sha256sum >/dev/null; then sha256sum "$name.tar.gz"; else shasum -a 256 "$name.tar.gz"; fi > "$name.tar.gz.sha256"
echo "$out/$name.tar.gz"
