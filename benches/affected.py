#!/usr/bin/env python3
"""Does `happy test --affected` miss a test that a change breaks?

    benches/affected.py REPOSITORY... [--count N] [--happy PROGRAM] [--python PROGRAM]

For each of the latest N commits of a repository that change one source file
(and add or change tests), the change is undone on top of the commit. Tests that
passed before and fail then are *broken*; those that `happy impact --all --tests`
names for the undoing are *selected*. A broken test that is not selected is a
miss. Prints a JSON line per commit, then a summary line per repository:
how many commits broke something, broken tests, misses, and the share of all
tests that was selected.

Needs the Python packages that the repository's tests need.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET


def git(where, *words, check=True):
    done = subprocess.run(["git", "-C", where, *words], capture_output=True, text=True, check=check)
    return done.stdout


def one_function_changes(repository, source):
    """Commits without a merge that change one Python file under `source` in one place."""
    log = git(repository, "log", "--no-merges", "--format=%H", "--", source)
    for commit in log.split():
        changed = git(repository, "show", "--format=", "--name-status", commit).splitlines()
        rows = [row.split("\t") for row in changed]
        code = [row for row in rows if row[-1].startswith(source) and row[-1].endswith(".py")]
        tests = [row for row in rows if "test" in row[-1] and row[-1].endswith(".py")]
        if len(code) != 1 or code[0][0] != "M" or not tests:
            continue
        hunks = git(repository, "show", "--format=", "-U0", commit, "--", code[0][1])
        if 1 <= sum(line.startswith("@@") for line in hunks.splitlines()) <= 3:
            yield commit, code[0][1]


def run_tests(python, tree, source):
    """Outcome per test: the node id without parameters → whether all of it passed."""
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        environment = dict(os.environ, PYTHONPATH=str(pathlib.Path(tree, source.split("/")[0]))
                           if "/" in source else str(tree), PYTHONDONTWRITEBYTECODE="1")
        command = [python, "-m", "pytest", "-q", "-x", "--maxfail=1000", "-p", "no:cacheprovider",
                   "-o", "junit_family=xunit1", "-o", "filterwarnings=", "--junit-xml", report.name]
        subprocess.run(command, cwd=tree, env=environment, capture_output=True, timeout=600)
        try:
            root = ET.parse(report.name).getroot()
        except ET.ParseError:
            return {}
    outcome = {}
    for case in root.iter("testcase"):
        path = case.get("file")
        if not path:
            continue
        classes = case.get("classname", "")[len(path[:-3].replace("/", ".")):].strip(".")
        name = case.get("name", "").split("[")[0]
        key = (path, f"{classes}.{name}" if classes else name)
        passed = case.find("failure") is None and case.find("error") is None
        outcome[key] = outcome.get(key, True) and passed
    return outcome


def selected(happy, tree):
    """The tests that the last commit reaches, as pairs; a name of None is a whole file."""
    done = subprocess.run([happy, "-q", "impact", "HEAD~1..HEAD", "--all", "--tests"],
                          cwd=tree, capture_output=True, text=True)
    found = set()
    for line in done.stdout.splitlines():
        record = json.loads(line)
        if record.get("type") == "impacted" and record.get("test"):
            _, inside, name = record["symbol"].partition("::")
            named = inside and record["name"].lower().startswith("test")
            found.add((record["path"], name if named else None))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repositories", nargs="+", help="folder, or folder=SOURCE (default: src/)")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--happy", default="happy")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    for word in options.repositories:
        repository, _, source = word.partition("=")
        measure(repository, source or "src/", options)


def measure(repository, source, options):
    total = {"repository": pathlib.Path(repository).name, "commits": 0, "broken": 0, "missed": 0}
    shares = []
    with tempfile.TemporaryDirectory() as scratch:
        tree = os.path.join(scratch, "tree")
        subprocess.run(["git", "clone", "-q", "--no-checkout", repository, tree], check=True)
        for commit, path in one_function_changes(tree, source):
            if total["commits"] == options.count:
                break
            git(tree, "checkout", "-q", "-f", commit)
            git(tree, "clean", "-qfd")
            before = run_tests(options.python, tree, source)
            git(tree, "checkout", "-q", commit + "~1", "--", path)
            git(tree, "-c", "user.name=bench", "-c", "user.email=bench@localhost",
                "commit", "-q", "--no-verify", "-m", "undo")
            after = run_tests(options.python, tree, source)
            broken = {key for key, passed in before.items() if passed and not after.get(key, False)}
            if not broken or len(broken) > len(before) / 2:
                continue
            chosen = selected(options.happy, tree)
            missed = {key for key in broken if key not in chosen and (key[0], None) not in chosen}
            ran = {key for key in before if key in chosen or (key[0], None) in chosen}
            shares.append(len(ran) / max(1, len(before)))
            total["commits"] += 1
            total["broken"] += len(broken)
            total["missed"] += len(missed)
            print(json.dumps({"commit": commit[:10], "path": path, "broken": len(broken),
                              "selected": len(ran), "of": len(before),
                              "missed": sorted("::".join(key) for key in missed)}), flush=True)
    total["selected_share"] = round(sum(shares) / max(1, len(shares)), 3)
    print(json.dumps(total), flush=True)


if __name__ == "__main__":
    main()
