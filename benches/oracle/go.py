"""Truth for a Go module, from go/types.

    go.py REPOSITORY

`GO` names the command (default: the newest of the usual places). Packages that
the module needs are looked for below GOPATH, nothing is fetched; calls that do
not resolve without them have no row.
"""

import glob
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import truth


def command():
    """The Go command: `$GO`, a Debian toolchain of its own folder, or PATH."""
    newest = sorted(glob.glob("/usr/lib/go-*/bin/go"), key=lambda p: int(p.split("/")[3].split(".")[-1]))
    found = os.environ.get("GO") or (newest or [None])[-1] or shutil.which("go")
    if not found:
        raise SystemExit("error: no Go toolchain\nhint: install `golang-go`, or set GO")
    return found


def main():
    """Runs the oracle on a scratch copy and keeps its rows."""
    root = truth.checkout(sys.argv[1], "go")
    env = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "", "GOTOOLCHAIN": "local",
           "GOCACHE": str(truth.CORPUS / "oracle/go-cache"), **os.environ, "CGO_ENABLED": "0"}
    done = subprocess.run([command(), "run", Path(__file__).with_name("go_oracle.go"), root],
                          stdout=subprocess.PIPE, check=True, env=env)
    truth.write(map(json.loads, done.stdout.splitlines()), sys.argv[1], "go")


if __name__ == "__main__":
    main()
