"""Truth for a Java repository, from javac's own resolution.

    java.py REPOSITORY FOLDER…

FOLDERs hold the sources that compile together, such as `src/main/java`. Jars
they need go into JAVA_ORACLE_CLASSPATH; calls that do not resolve without them
have no row.
"""

import json
import subprocess
import sys
from pathlib import Path

import truth

EXPORTS = [f"--add-exports=jdk.compiler/com.sun.tools.javac.{p}=ALL-UNNAMED" for p in ("tree", "code", "util")]


def main():
    """Runs the oracle on a scratch copy and keeps its rows."""
    repository, folders = sys.argv[1], sys.argv[2:] or ["."]
    root = truth.checkout(repository, "java")
    done = subprocess.run(["java", *EXPORTS, Path(__file__).with_name("JavaOracle.java"), root, *folders],
                          stdout=subprocess.PIPE, check=True)
    truth.write(map(json.loads, done.stdout.splitlines()), repository, "java")


if __name__ == "__main__":
    main()
