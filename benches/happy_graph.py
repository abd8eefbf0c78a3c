"""Runs `happy graph --edge calls` and reads its edge records.

Shared by the scripts in this folder; knows nothing of suites or oracles.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

ENV = {
    "GIT_AUTHOR_NAME": "corpus",
    "GIT_AUTHOR_EMAIL": "corpus@example.invalid",
    "GIT_COMMITTER_NAME": "corpus",
    "GIT_COMMITTER_EMAIL": "corpus@example.invalid",
    "GIT_AUTHOR_DATE": "2024-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2024-01-01T00:00:00Z",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


class HappyFailed(Exception):
    """`happy` could not be run or exited with an error; the text is its stderr."""


def binary():
    """Path of the `happy` under test: `$HAPPY_BIN`, else the `fast` profile's."""
    default = Path(__file__).resolve().parent.parent / "target/fast/happy"
    path = Path(os.environ.get("HAPPY_BIN", default)).resolve()
    if not path.is_file():
        raise SystemExit(
            f"error: no `happy` at `{path}`\nhint: build it with `cargo build --profile fast`, or set HAPPY_BIN"
        )
    return path


def make_repository(folder):
    """Turns a folder into a Git repository with one commit of all it holds."""
    def git(*args):
        subprocess.run(["git", "-C", folder, *args], check=True, env={**os.environ, **ENV},
                       stdout=subprocess.DEVNULL)
    git("init", "-q", "-b", "main", "--template=")
    git("add", "-A", "-f")
    git("-c", "gc.auto=0", "commit", "-q", "--allow-empty", "-m", "corpus")


def forget_index(folder):
    """Removes what an earlier run left, so that each run starts from nothing."""
    shutil.rmtree(Path(folder) / ".git/happy", ignore_errors=True)


def call_edges(happy, folder, git=True, timeout=600):
    """Edge records of kind `calls` for one folder; raises `HappyFailed`.

    With `git=False` the folder is read without a repository (`--no-git`).
    """
    command = [str(happy), "graph", "--edge", "calls", "--format", "jsonl"]
    if not git:
        command += ["--no-git", "."]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=timeout,
                              env={**os.environ, **ENV})
    except subprocess.TimeoutExpired:
        raise HappyFailed(f"no answer within {timeout} s")
    if done.returncode not in (0, 1):
        text = done.stderr.decode("utf8", "replace").strip().splitlines()
        raise HappyFailed(f"exit {done.returncode}: " + " / ".join(text[-3:]))
    edges = []
    for line in done.stdout.splitlines():
        record = json.loads(line)
        if record.get("type") == "edge" and record.get("kind", "").lower() == "calls":
            edges.append(record)
    return edges
