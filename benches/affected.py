#!/usr/bin/env python3
"""Does `happy test --affected` miss a test that a change breaks, and how early does it come?

    benches/affected.py REPOSITORY... [--count N] [--happy PROGRAM] [--python PROGRAM]

For each of the latest N commits of a repository that change one source file in
few places (and add or change tests), the change is undone on top of the commit.
Tests that passed before and fail then are *broken*. Two questions are asked of
`happy impact --all --tests`, which names tests nearest first:

- *selected*: is each broken test among those within the distance that
  `happy test --affected` keeps to (`test.within`)? One that is not is a miss.
- *first*: which test of that order is the first broken one? A hook that runs
  the nearest first has found the break after so many tests.

Prints a JSON line per commit and one per repository: commits that broke
something, broken tests, misses within the distance and without a limit, the
mean share of all tests that is selected in both, and the positions.

The broken tests are looked for in the test files that the commit changed; with
`--full` in the whole suite. What broke is kept under `$HAPPY_CORPUS/affected`
(default `~/.cache/happy-corpus`), since running tests is what takes long;
`--fresh` asks again. Needs the Python
packages that the repository's tests need.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

CORPUS = pathlib.Path(os.environ.get("HAPPY_CORPUS", "~/.cache/happy-corpus")).expanduser()


def git(where, *words, check=True):
    done = subprocess.run(["git", "-C", where, *words], capture_output=True, text=True, check=check)
    return done.stdout


def one_function_changes(repository, source):
    """Commits without a merge that change one Python file under `source` in few places."""
    log = git(repository, "log", "--no-merges", "--format=%H", "--", source)
    for commit in log.split():
        changed = git(repository, "show", "--format=", "--name-status", commit).splitlines()
        rows = [row.split("\t") for row in changed]
        rows = [row for row in rows if row[-1].endswith(".py")]
        tests = [row for row in rows if "test" in row[-1]]
        code = [row for row in rows if row[-1].startswith(source) and row not in tests]
        if len(code) != 1 or code[0][0] != "M" or not tests:
            continue
        hunks = git(repository, "show", "--format=", "-U0", commit, "--", code[0][1])
        if 1 <= sum(line.startswith("@@") for line in hunks.splitlines()) <= 3:
            yield commit, code[0][1], [row[-1] for row in tests if row[0] != "D"]


def run_tests(python, tree, source, files=()):
    """Outcome per test: file and name without parameters → whether all of it passed."""
    root = pathlib.Path(tree, "src") if source.startswith("src/") else tree
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        environment = dict(os.environ, PYTHONPATH=str(root), PYTHONDONTWRITEBYTECODE="1")
        command = [python, "-m", "pytest", "-q", "--maxfail=1000", "-p", "no:cacheprovider",
                   "-o", "junit_family=xunit1", "-o", "filterwarnings=", "--junit-xml", report.name, *files]
        try:
            subprocess.run(command, cwd=tree, env=environment, capture_output=True, timeout=400)
            root = ET.parse(report.name).getroot()
        except (ET.ParseError, subprocess.TimeoutExpired):
            return {}
    outcome = {}
    for case in root.iter("testcase"):
        path = case.get("file")
        if not path:
            continue
        classes = case.get("classname", "")[len(path[:-3].replace("/", ".")):].strip(".")
        name = case.get("name", "").split("[")[0]
        key = f"{path}::{classes}.{name}" if classes else f"{path}::{name}"
        passed = case.find("failure") is None and case.find("error") is None
        outcome[key] = outcome.get(key, True) and passed
    return outcome


def collected(python, tree, source):
    """The tests that there are, as `run_tests` names them."""
    root = pathlib.Path(tree, "src") if source.startswith("src/") else tree
    environment = dict(os.environ, PYTHONPATH=str(root), PYTHONDONTWRITEBYTECODE="1")
    command = [python, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider",
               "-o", "filterwarnings="]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    found = {}
    for line in done.stdout.splitlines():
        path, inside, name = line.split("[")[0].partition("::")
        if inside and path.endswith(".py"):
            found.setdefault(f"{path}::{name.replace('::', '.')}")
    return found


def undo(tree, commit, path):
    """The tree of the commit with one file as it was before, as a commit of its own."""
    git(tree, "checkout", "-q", "-f", commit)
    git(tree, "clean", "-qfd")
    yield
    git(tree, "checkout", "-q", commit + "~1", "--", path)
    git(tree, "-c", "user.name=bench", "-c", "user.email=bench@localhost",
        "commit", "-q", "--no-verify", "-m", "undo")
    yield


def breaks(tree, name, source, options):
    """What undoing each change breaks: kept from earlier runs, or found now."""
    kept = CORPUS / "affected" / f"{name}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    known = {}
    if kept.exists() and not options.fresh:
        known = {row["commit"]: row for row in map(json.loads, kept.open())}
    found = 0
    for commit, path, files in one_function_changes(tree, source):
        if found == options.count:
            return
        row = known.get(commit)
        if row is None:
            broken, before = [], {}
            # Nearly always the change comes with the test that it breaks.
            list(undo(tree, commit, path))
            after = run_tests(options.python, tree, source, files)
            if not all(after.values()):
                which = () if options.full else files
                states = undo(tree, commit, path)
                next(states)
                before = run_tests(options.python, tree, source, which)
                if options.full:
                    next(states)
                    after = run_tests(options.python, tree, source)
                broken = [key for key, good in before.items() if good and not after.get(key, False)]
            tests = before if options.full or not broken else collected(options.python, tree, source)
            row = {"commit": commit, "path": path, "broken": broken, "tests": list(tests)}
            with kept.open("a") as out:
                out.write(json.dumps(row) + "\n")
        # A change that breaks most of the tests breaks the import of the package.
        if row["broken"] and len(row["broken"]) <= len(row["tests"]) / 2:
            found += 1
            yield row


def in_order(happy, tree, tests, *words):
    """The tests that the last commit reaches, nearest first."""
    done = subprocess.run([happy, "-q", "impact", "HEAD~1..HEAD", "--tests", *words],
                          cwd=tree, capture_output=True, text=True)
    by_file = {}
    for key in tests:
        by_file.setdefault(key.partition("::")[0], []).append(key)
    order = {}
    for line in done.stdout.splitlines():
        record = json.loads(line)
        if record.get("type") != "impacted" or not record.get("test"):
            continue
        path, inside, _ = record["symbol"].partition("::")
        if record["kind"] == "class":
            inside = record["symbol"] + "."
            order.update(dict.fromkeys(key for key in by_file.get(path, ())
                                       if key.startswith(inside) and key not in order))
            continue
        if inside and record["name"].lower().startswith("test"):
            order.setdefault(record["symbol"])
            continue
        # What is not named as a test stands for its file; a file of fixtures for its folder.
        folder = path.removesuffix("conftest.py") if path.endswith("conftest.py") else None
        for file, keys in by_file.items():
            if file == path or folder is not None and file.startswith(folder):
                order.update(dict.fromkeys(key for key in keys if key not in order))
    return [key for key in order if key in tests]


def measure(repository, source, options):
    name = pathlib.Path(repository.rstrip("/").removesuffix("/repo")).name.split("+")[-1]
    total = {"repository": name, "commits": 0, "broken": 0, "missed": 0}
    shares, wide, positions, ahead = [], [], [], []
    with tempfile.TemporaryDirectory() as scratch:
        tree = os.path.join(scratch, "tree")
        subprocess.run(["git", "clone", "-q", "--no-checkout", repository, tree], check=True)
        for row in breaks(tree, name, source, options):
            total["commits"] += 1
            total["broken"] += len(row["broken"])
            if options.only_breaks:
                print(json.dumps({"commit": row["commit"][:10], "broken": row["broken"][:5]}), flush=True)
                continue
            list(undo(tree, row["commit"], row["path"]))
            tests = set(row["tests"])
            chosen = in_order(options.happy, tree, tests, "--all", "--within", options.within)
            everything = in_order(options.happy, tree, tests, "--all")
            missed = sorted(set(row["broken"]) - set(chosen))
            first = next((at for at, key in enumerate(everything, 1) if key in row["broken"]), None)
            shares.append(len(chosen) / len(tests))
            wide.append(len(everything) / len(tests))
            if first is not None:
                positions.append(first)
                ahead.append(first / len(tests))
            total["missed"] += len(missed)
            total["missed_without_limit"] = total.get("missed_without_limit", 0) + len(
                set(row["broken"]) - set(everything))
            print(json.dumps({"commit": row["commit"][:10], "path": row["path"],
                              "broken": len(row["broken"]), "selected": len(chosen),
                              "without_limit": len(everything), "of": len(tests), "first": first,
                              "missed": missed}), flush=True)
    if shares:
        total["selected_share"] = round(statistics.mean(shares), 3)
        total["share_without_limit"] = round(statistics.mean(wide), 3)
    if positions:
        total["first_broken"] = sorted(positions)
        total["first_broken_share"] = round(statistics.mean(ahead), 4)
    print(json.dumps(total), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repositories", nargs="+", help="folder, or folder=SOURCE (default: src/)")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--happy", default="happy")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--within", default="20", help="the distance that `happy test` keeps to")
    parser.add_argument("--full", action="store_true", help="run whole suites")
    parser.add_argument("--fresh", action="store_true", help="run the tests again")
    parser.add_argument("--only-breaks", action="store_true", help="only find what breaks")
    options = parser.parse_args()
    for word in options.repositories:
        repository, _, source = word.partition("=")
        measure(repository, source or "src/", options)


if __name__ == "__main__":
    main()
