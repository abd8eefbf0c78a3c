#!/usr/bin/env python3
"""Searches the repositories of a search benchmark with `happy` and scores the answers.

usage: search.py [--only REPO] [--ablate] [--commits N] [--misses] [-- OPTIONS OF happy search]

$SEARCH_TOOLS     folder with queries.jsonl, repos.json and score.py
$HAPPY_CORPUS     the repositories are checked out in search/<name> below it; those in
                  histories/<name> are for --commits
$HAPPY_BIN        the binary
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

CODE = (".py", ".ts", ".tsx", ".js", ".go", ".rs", ".java", ".c", ".h", ".cc", ".cpp")
ASIDE = re.compile(r"(^|/)(tests?|__tests__|docs?|examples?|bench(es|marks?)?)(/|$)|_test\.|\.test\.|(^|/)test_[^/]*$|[^/]Test\.java", re.I)
HOUSEKEEPING = re.compile(r"\b(bump|release|version|changelog|typos?|lint|format|pre-commit|merge|revert)\b", re.I)
SIGNALS = ["name", "words", "file", "meaning", "structure", "prior"]


def environment():
    corpus = pathlib.Path(os.environ.get("HAPPY_CORPUS") or pathlib.Path.home() / ".cache/happy-corpus")
    tools = pathlib.Path(os.environ.get("SEARCH_TOOLS") or corpus / "search-tools")
    binary = os.environ.get("HAPPY_BIN") or "target/fast/happy"
    return corpus / "search", tools, binary


def scorer(tools):
    """The benchmark's own `ndcg`, without running its command line."""
    source = (tools / "score.py").read_text().rsplit("\nmain()", 1)[0]
    names = {"__name__": "score"}
    exec(compile(source, str(tools / "score.py"), "exec"), names)
    return names["ndcg"]


def ask(binary, folder, root, query, options):
    command = [binary, "-C", str(folder), "search", "--format", "jsonl", "-q", "--group", "file", "-n", "10"]
    if root:
        command += ["--path", root]
    command += options + ["--", query]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode > 1:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def run(repos, queries, options, binary, corpus):
    jobs = [(query, repos[query["repo"]]) for query in queries]

    def one(job):
        query, repo = job
        return ask(binary, corpus / repo["name"], repo.get("benchmark_root"), query["query"], options)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return dict(zip([query["id"] for query in queries], pool.map(one, jobs)))


def mean(values):
    return sum(values) / len(values) if values else 0.0


def summary(queries, results, ndcg):
    by_repo, by_category = collections.defaultdict(list), collections.defaultdict(list)
    for query in queries:
        value = ndcg(query, results[query["id"]])
        by_repo[query["repo"]].append(value)
        by_category[query["category"]].append(value)
    total = mean([mean(values) for values in by_repo.values()])
    return total, {k: mean(v) for k, v in by_category.items()}, {k: mean(v) for k, v in by_repo.items()}


def row(name, total, categories):
    cells = " | ".join(f"{categories.get(key, 0):.3f}" for key in ("architecture", "semantic", "symbol"))
    print(f"| {name} | {total:.3f} | {cells} |", flush=True)


def git(folder, *arguments):
    return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, errors="replace").stdout


def changed_lines(folder, commit):
    """Line ranges of the state before the commit that it changed, by path, tests and documentation aside."""
    found, path = {}, None
    diff = git(folder, "diff-tree", "-p", "-U0", "--no-renames", "--no-commit-id", "-r", "--diff-filter=M", commit)
    for line in diff.splitlines():
        if line.startswith("--- "):
            path = line[6:]
        hunk = re.match(r"@@ -(\d+)(?:,(\d+))? ", line)
        if hunk and path and path.endswith(CODE) and not ASIDE.search(path):
            start, count = int(hunk[1]), int(hunk[2] or 1)
            # Lines added between two lines change what holds both.
            found.setdefault(path, []).append((start, start + count - 1) if count else (start, start + 1))
    return found


def subjects(folder, count):
    """The newest commits whose subject says what they change in a few places of the code."""
    found = []
    for line in git(folder, "log", "--no-merges", "--first-parent", "--format=%H %P %s", "-n", "5000").splitlines():
        commit, parent, subject = (line.split(" ", 2) + ["", ""])[:3]
        subject = re.sub(r"\s*\(#\d+\)$", "", subject)
        if len(subject.split()) < 3 or HOUSEKEEPING.search(subject):
            continue
        changed = changed_lines(folder, commit)
        if changed and len(changed) <= 6 and sum(map(len, changed.values())) <= 30:
            found.append((parent, subject, changed))
        if len(found) == count:
            break
    return found


def commits(corpus, binary, per_repo):
    """How often a function that a commit changed is among the first ten for its subject, in the state before it."""
    folders = sorted(path for path in (corpus.parent / "histories").glob("*") if path.is_dir())
    if not folders:
        sys.exit(f"error: no repositories in {corpus.parent / 'histories'}; clone some with their history there")
    print("\n| repository | commits | all signals | words alone |\n|---|---|---|---|")
    total = [0, 0, 0]
    for folder in folders:
        sums = [0, 0, 0]
        with tempfile.TemporaryDirectory() as index:
            for parent, subject, changed in subjects(folder, per_repo):
                sums[0] += 1
                for place, options in ((1, []), (2, ["--without", "name,file,meaning,structure,prior"])):
                    done = subprocess.run(
                        [binary, "-C", str(folder), "--index-dir", index, "search", "--at", parent, "--format", "jsonl",
                         "-q", "-n", "10"] + options + ["--", subject], capture_output=True, text=True)
                    if done.returncode > 1:
                        sys.exit(f"error: {folder.name} at {parent}: {done.stderr}")
                    hits = [json.loads(line) for line in done.stdout.splitlines()]
                    sums[place] += any(
                        hit["kind"] in ("function", "method") and hit["line"] <= last and first <= hit["end_line"]
                        for hit in hits for first, last in changed.get(hit["path"], ()))
        print(f"| {folder.name} | {sums[0]} | {sums[1] / max(sums[0], 1):.3f} | {sums[2] / max(sums[0], 1):.3f} |", flush=True)
        total = [one + other for one, other in zip(total, sums)]
    print(f"| all | {total[0]} | {total[1] / max(total[0], 1):.3f} | {total[2] / max(total[0], 1):.3f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only")
    parser.add_argument("--ablate", action="store_true")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--commits", type=int, default=0, metavar="N", help="N commits of each repository in $HAPPY_CORPUS/histories as queries")
    parser.add_argument("options", nargs="*")
    args = parser.parse_args()
    corpus, tools, binary = environment()
    if not (tools / "queries.jsonl").is_file():
        sys.exit(f"error: no queries in {tools}; set SEARCH_TOOLS")
    ndcg = scorer(tools)
    repos = {repo["name"]: repo for repo in json.loads((tools / "repos.json").read_text())}
    queries = [json.loads(line) for line in (tools / "queries.jsonl").open()]
    queries = [query for query in queries if not args.only or query["repo"] == args.only]
    for name in {query["repo"] for query in queries}:
        if not (corpus / name).is_dir():
            sys.exit(f"error: {corpus / name} is missing; check out {repos[name]['url']} at {repos[name]['revision']}")
        done = subprocess.run([binary, "-C", str(corpus / name), "index", "-q"], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"error: {name} cannot be indexed: {done.stderr}")
    print("| signals | NDCG@10 | architecture | semantic | symbol |\n|---|---|---|---|---|")
    results = run(repos, queries, args.options, binary, corpus)
    total, categories, by_repo = summary(queries, results, ndcg)
    row("all", total, categories)
    if args.ablate:
        for signal in SIGNALS:
            got = summary(queries, run(repos, queries, ["--without", signal], binary, corpus), ndcg)
            row(f"all but {signal}", got[0], got[1])
        for signal in SIGNALS[:4]:
            others = ",".join(other for other in SIGNALS if other != signal)
            got = summary(queries, run(repos, queries, ["--without", others], binary, corpus), ndcg)
            row(f"{signal} alone", got[0], got[1])
    print()
    for name, value in sorted(by_repo.items()):
        print(f"{name:14} {value:.3f}")
    if args.misses:
        for query in queries:
            value = ndcg(query, results[query["id"]])
            if value < 0.8:
                wanted = [item if isinstance(item, str) else item["path"] for item in query["relevant"] + query.get("secondary", [])]
                print(f"\n{value:.2f} {query['id']} {query['category']}: {query['query']}\n  wanted {wanted}")
                for hit in results[query["id"]][:6]:
                    print(f"  {hit['score']:.4f} {hit['symbol']}")
    if args.commits:
        commits(corpus, binary, args.commits)


if __name__ == "__main__":
    main()
