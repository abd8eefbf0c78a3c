#!/usr/bin/env bash
# Builds the wheel, installs it into a clean environment and tests it there.
#
#   tools/wheel.sh            build and test
#   tools/wheel.sh build      build only, into target/wheels
#   tools/wheel.sh check      also what a release needs: sdist, auditwheel, twine
#   UPDATE=1 tools/wheel.sh   write the type stub anew
#
# HAPPY_WHEEL_PROFILE is Cargo's profile; `dev` unless it is set, since that is
# what the other tests have compiled already. With `release` the wheel has the
# feature `wasm`, unless HAPPY_WHEEL_FEATURES says otherwise.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
what=${1:-test}
export HAPPY_WHEEL_PROFILE=${HAPPY_WHEEL_PROFILE:-dev}
python=${PYTHON:-python3}
target=${CARGO_TARGET_DIR:-$root/target}
mkdir -p "$target/python"

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "wheel: $("$python" --version) is too old; name Python 3.10 or later with PYTHON" >&2
  exit 1
fi

# An environment of that name with what a list of requirements says; made anew
# where the list or the interpreter has changed.
environment() {
  local folder=$target/python/$1 list=python/requirements/$1.txt
  local key
  key=$("$python" --version; cat "$list")
  if [ ! -x "$folder/bin/python" ] || [ "$(cat "$folder/made-for" 2>/dev/null)" != "$key" ]; then
    rm -rf "$folder"
    "$python" -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$list"
    printf '%s\n' "$key" >"$folder/made-for"
  fi
}

environment build
build=$target/python/build/bin
rm -rf "$target/wheels"
echo "wheel: building with profile $HAPPY_WHEEL_PROFILE"
PATH=$build:$PATH "$build/python" -m pip wheel ./python --quiet --disable-pip-version-check \
  --no-deps --no-build-isolation --wheel-dir "$target/wheels"
wheel=$(ls "$target"/wheels/*.whl)
[ "$what" = build ] && exit 0

environment test
test=$target/python/test/bin
"$test/python" -m pip install --quiet --disable-pip-version-check --no-deps \
  --force-reinstall "$wheel"

# The stub says what the library says.
(cd python && PATH=$build:$PATH "$build/maturin" generate-stubs --quiet \
  --profile "$HAPPY_WHEEL_PROFILE" --out "$target/python/stubs" >/dev/null 2>"$target/python/stubs.log") \
  || { cat "$target/python/stubs.log" >&2; exit 1; }
"$test/python" tools/stub.py "$target/python/stubs/happy_core/_core.pyi" \
  "$root/python/happy_core/__init__.pyi"

(
  cd python
  "$test/ruff" check --quiet .
  "$test/ruff" format --quiet --check .
  "$test/mypy" --no-error-summary happy happy_core examples/*.py
  # The command that Cargo built, to compare the wheel's with.
  case $HAPPY_WHEEL_PROFILE in dev) profile=debug ;; *) profile=$HAPPY_WHEEL_PROFILE ;; esac
  export HAPPY_CARGO_BIN=$target/$profile/happy
  # From elsewhere, so that what is imported is what was installed.
  cd "$target/python"
  "$test/python" -m mypy.stubtest happy_core --concise --ignore-missing-stub \
    --allowlist "$root/python/stubtest.txt"
  "$test/python" -X dev -W error -m pytest -p no:cacheprovider "$root/python/tests" \
    -c "$root/python/pyproject.toml" --rootdir "$root/python"
)

if [ "$what" = check ]; then
  environment release
  release=$target/python/release/bin
  "$release/auditwheel" show "$wheel"
  rm -rf "$target/sdist"
  (cd python && PATH=$build:$PATH "$build/maturin" sdist --out "$target/sdist")
  "$release/twine" check --strict "$wheel" "$target"/sdist/*.tar.gz
fi
