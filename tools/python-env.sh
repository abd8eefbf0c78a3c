#!/usr/bin/env bash
# Makes `target/tools/python`: a virtual environment with what the tests ask
# real clients and readers for. Does nothing where it is there already.
set -euo pipefail
cd "$(dirname "$0")/.."
env=target/tools/python
wanted="$(cat tests/clients/requirements.txt)"
if [ "$(cat "$env/wanted" 2>/dev/null || true)" = "$wanted" ]; then
  exit 0
fi
rm -rf "$env"
mkdir -p target/tools
python3 -m venv "$env"
"$env/bin/pip" install --quiet --disable-pip-version-check -r tests/clients/requirements.txt
printf '%s' "$wanted" >"$env/wanted"
