#!/usr/bin/env bash
# Fuzzes the parsers: `tools/fuzz.sh [TARGET|all|list] [SECONDS]`.
#
# No nightly compiler and no `cargo fuzz`: stable rustc passes LLVM's options
# for coverage on, and `libfuzzer-sys` brings the engine. What a run learns is
# kept under `fuzz/corpus/TARGET`; an input that fails is written to
# `fuzz/artifacts/TARGET` and ends the run with an error.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-all} seconds=${2:-60}
mapfile -t targets < <(sed -n 's/^    ("\([a-z_]*\)", .*/\1/p' fuzz/src/main.rs)
case $what in
  list) printf '%s\n' "${targets[@]}"; exit 0 ;;
  all) ;;
  *) targets=("$what") ;;
esac

triple=$(rustc -vV | sed -n 's/^host: //p')
llvm() { printf -- ' -Cllvm-args=-sanitizer-coverage-%s' "$@"; }
export RUSTFLAGS="-Cpasses=sancov-module$(llvm level=4 inline-8bit-counters pc-table trace-compares) --cfg fuzzing"
(cd fuzz && cargo build --quiet --release --target "$triple" ${HAPPY_FUZZ_JOBS:+-j "$HAPPY_FUZZ_JOBS"})
program=fuzz/target/$triple/release/happy-fuzz

python3 tools/fuzz-seeds.py fuzz/corpus
for target in "${targets[@]}"; do
  if [ "$target" = index_snapshot ]; then
    snapshot=$PWD/fuzz/target/snapshot
    [ -f "$snapshot" ] || tools/fuzz-snapshot.sh "$snapshot"
    export HAPPY_FUZZ_SNAPSHOT=$snapshot
    cp "$snapshot" fuzz/corpus/index_segment/snapshot
  fi
  mkdir -p "fuzz/artifacts/$target"
  echo "fuzz: $target for $seconds s"
  HAPPY_FUZZ_TARGET=$target "$program" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
    -verbosity=0 -print_final_stats=1 -artifact_prefix="fuzz/artifacts/$target/" "fuzz/corpus/$target"
done
