"""Truth for a TypeScript repository, from the TypeScript checker.

    typescript.py REPOSITORY FOLDER…

FOLDERs hold the sources, such as `src`. The npm package `typescript` is
installed into the scratch folder on first use.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import truth

VERSION = "5.9.3"


def main():
    """Runs the oracle on a scratch copy and keeps its rows."""
    repository, folders = sys.argv[1], sys.argv[2:] or ["."]
    tools = truth.CORPUS / "oracle-npm"
    if not (tools / "node_modules/typescript").is_dir():
        tools.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", tools, f"typescript@{VERSION}"], check=True)
    root = truth.checkout(repository, "typescript")
    done = subprocess.run(["node", "--max-old-space-size=8000", Path(__file__).with_suffix(".mjs"), root, *folders],
                          stdout=subprocess.PIPE, check=True,
                          env={**os.environ, "NODE_PATH": str(tools / "node_modules")})
    truth.write(map(json.loads, done.stdout.splitlines()), repository, "typescript")


if __name__ == "__main__":
    main()
