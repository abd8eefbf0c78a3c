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
if [ "$what" != demo ]; then
  need python3 python3
  # Debian ships what makes an environment apart from the interpreter.
  python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || missing+=(python3-venv)
fi
# What the long tests look through besides: a browser and Graphviz.
case $what in wasm | long) need cmake cmake ;; esac
if [ "$what" = long ]; then
  need dot graphviz
  need chromium chromium
  need chromedriver chromium-driver
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

# bubblewrap, and gVisor from the backports section.
[ "$what" = wasm ] || sh "$(dirname "$0")/install-sandboxes.sh"
[ "$what" != demo ] || exit 0

# What the feature `wasm` is built with and tested on: the headers of the engine
# are put in place by CMake, and grammars come from npm, without their scripts.
if [ "$what" = wasm ] || [ "$what" = long ]; then
  grammars=target/tools/grammars
  if ! command -v npm >/dev/null 2>&1; then
    echo "setup: no npm; tests with grammars as WebAssembly skip" >&2
  elif ! cmp -s tests/clients/grammars/package.json "$grammars/package.json"; then
    rm -rf "$grammars"
    mkdir -p "$grammars"
    cp tests/clients/grammars/package.json "$grammars/"
    (cd "$grammars" && npm install --silent --no-audit --no-fund --ignore-scripts) \
      || { rm -rf "$grammars"; echo "setup: no grammars as WebAssembly" >&2; }
  fi
fi
[ "$what" != wasm ] || exit 0

# Clients and readers in Python that nobody here wrote.
"$(dirname "$0")/python-env.sh" || echo "setup: no Python environment; tests with real clients skip" >&2

# The official E2B library, which the local server has to satisfy.
if [ "$what" = long ] && [ ! -x target/tools/e2b/bin/python ]; then
  { python3 -m venv target/tools/e2b \
    && target/tools/e2b/bin/pip install --quiet --disable-pip-version-check 'e2b>=2,<3'; } \
    || { rm -rf target/tools/e2b; echo "setup: no E2B library" >&2; }
fi

# Mermaid's own parser and the `scip` tool, for the long tests: without them
# those say that they skip.
if [ "$what" = long ]; then
  node=target/tools/node
  if command -v npm >/dev/null 2>&1 && ! cmp -s tests/clients/package.json "$node/package.json"; then
    mkdir -p "$node"
    cp tests/clients/package.json "$node/"
    (cd "$node" && npm install --silent --no-audit --no-fund) || echo "setup: no Mermaid" >&2
  fi
  if command -v go >/dev/null 2>&1 && [ ! -x target/tools/go/bin/scip ]; then
    GOBIN="$PWD/target/tools/go/bin" go install github.com/sourcegraph/scip/cmd/scip@latest \
      || echo "setup: no \`scip\` tool" >&2
  fi
fi
