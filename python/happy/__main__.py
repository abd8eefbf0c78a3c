"""`python -m happy`: the command that was installed with this package."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from pathlib import Path


def program() -> str | None:
    """The command, of this environment before any other."""
    for folder in (sysconfig.get_path("scripts"), str(Path.home() / ".local" / "bin")):
        found = shutil.which("happy", path=folder)
        if found is not None:
            return found
    return shutil.which("happy")


def main() -> None:
    """Become the command."""
    found = program()
    if found is None:
        sys.exit("error: the command `happy` is not installed\nhint: pip install happyfastercode")
    os.execv(found, [found, *sys.argv[1:]])


if __name__ == "__main__":
    main()
