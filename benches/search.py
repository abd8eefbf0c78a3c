#!/usr/bin/env python3
"""Searches the repositories of a search benchmark with `happy` and scores the answers.

usage: search.py [--only REPO] [--ablate] [--commits N] [--misses] [-- OPTIONS OF happy search]

$SEARCH_TOOLS     folder with queries.jsonl, repos.json and score.py
$HAPPY_CORPUS     the repositories are checked out in search/<name> below it
$HAPPY_BIN        the binary
"""
import argparse
import collections
import concurrent.futures
import importlib.util
import io
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time

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


def commits(repos, binary, corpus, per_repo):
    """How often a function that a commit changed is among the first ten for its subject."""
    print(f"\n| repository | commits | all signals | words alone |\n|---|---|---|---|")
    for repo in repos.values():
        folder = corpus / repo["name"]
        log = subprocess.run(
            ["git", "-C", str(folder), "log", "--no-merges", "--format=%H %s", "-n", str(per_repo * 8)],
            capture_output=True, text=True).stdout.splitlines()
        kept, good, words = 0, 0, 0
        for line in log:
            commit, _, subject = line.partition(" ")
            changed = changed_lines(folder, commit)
            if not changed or sum(map(len, changed.values())) > 400 or kept >= per_repo or len(subject) < 12:
                continue
            kept += 1
            for alone in (False, True):
                options = ["--without", "name,file,meaning,structure,prior"] if alone else []
                found = subprocess.run(
                    [binary, "-C", str(folder), "search", "--format", "jsonl", "-q", "-n", "10",
                     "--kind", "function,method,class,interface"] + options + ["--", subject],
                    capture_output=True, text=True).stdout
                hits = [json.loads(text) for text in found.splitlines()]
                right = any(
                    hit["line"] <= line <= hit["end_line"] for hit in hits for line in changed.get(hit["path"], ()))
                if alone:
                    words += right
                else:
                    good += right
        if kept:
            print(f"| {repo['name']} | {kept} | {good / kept:.3f} | {words / kept:.3f} |", flush=True)


def changed_lines(folder, commit):
    """Lines of the present files that the commit touched and that are still its own."""
    names = subprocess.run(
        ["git", "-C", str(folder), "diff-tree", "--no-commit-id", "--name-only", "-r", "--diff-filter=M", commit],
        capture_output=True, text=True).stdout.splitlines()
    found = {}
    for name in names[:12]:
        if not (folder / name).is_file() or not name.endswith((".py", ".ts", ".js", ".go", ".rs", ".java", ".c", ".h", ".cc", ".cpp")):
            continue
        blame = subprocess.run(["git", "-C", str(folder), "blame", "-s", "-l", "--", name], capture_output=True)
        lines = [at for at, line in enumerate(blame.stdout.split(b"\n"), 1) if line.startswith(commit[:39].encode())]
        if lines:
            found[name] = lines
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only")
    parser.add_argument("--ablate", action="store_true")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--commits", type=int, default=0, metavar="N", help="N commits of each repository as queries")
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
        start = time.time()
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
        commits(repos, binary, corpus, args.commits)


if __name__ == "__main__":
    main()
