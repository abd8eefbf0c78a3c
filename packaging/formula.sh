#!/bin/sh
# Fills in the formula: `formula.sh HOME-PAGE VERSION FOLDER-OF-SUMS`.
set -eu
home=$1 version=$2 sums=$3
script="s|@HOME@|$home|g;s|@VERSION@|$version|g"
for file in "$sums"/happy-"$version"-*.tar.gz.sha256; do
  target=$(basename "$file" .tar.gz.sha256)
  target=${target#happy-"$version"-}
  script="$script;s|@SHA_$target@|$(cut -d' ' -f1 "$file")|"
done
sed "$script" "$(dirname "$0")/happy.rb.in"
