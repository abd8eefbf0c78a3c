#!/usr/bin/env bash
# Installs what `make demo` and `make test` need and the machine lacks.
#
# With apt and the right to use it, packages are installed; otherwise the
# script says what is missing, and the tests that need it say that they skip.
set -euo pipefail
what=${1:-test}

missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }

need cc build-essential
need git git
need jq jq
if [ "$what" = test ]; then
  need python3 python3
  # Debian ships what makes an environment apart from the interpreter.
  python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || missing+=(python3-venv)
  # bubblewrap, and gVisor from the backports section.
  sh "$(dirname "$0")/install-sandboxes.sh"
fi

if [ "${#missing[@]}" -gt 0 ]; then
  if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq "${missing[@]}" >/dev/null 2>&1 \
      || { apt-get update -qq >/dev/null && apt-get install -y -qq "${missing[@]}" >/dev/null; }
  else
    echo "setup: missing ${missing[*]}; install them with your package manager" >&2
  fi
fi
