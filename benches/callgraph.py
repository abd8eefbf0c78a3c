"""Scores the call graph on the public suites and shows what is wrong where.

Run through `callgraph.sh`, which prepares the environment. Each case becomes a
repository of its own below `$HAPPY_CORPUS/callgraph/` once; a run then only
removes the index, asks `happy`, and hands the edges to the suites' own scorer.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import shutil
import signal
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, os.environ["CALLGRAPH_TOOLS"])
import score as scorer  # noqa: E402

import happy_graph  # noqa: E402

SUITES = Path(os.environ["CALLGRAPH_SUITES"])
SCRATCH = Path(os.environ["HAPPY_CORPUS"]) / "callgraph"
# The goals of the project, one per development suite: the least F1.
GOALS = {"pycg": .97, "swarm_js": .87, "jcg_java": .85, "rust_cgb": .95, "go_vta": .85, "kythe_cpp": .80}
COUNTED = ("exact", "inferred")


def arguments():
    """The command line; `--direct` is read by the scorer as well."""
    p = argparse.ArgumentParser(prog="benches/callgraph.sh", description=__doc__.split("\n")[0])
    p.add_argument("suites", nargs="*", metavar="SUITE", help="suites to score (default: all)")
    p.add_argument("-v", "--verbose", nargs="?", const="", metavar="CASE",
                   help="list misses and inventions, of cases whose name contains CASE")
    p.add_argument("-c", "--case", default="", metavar="TEXT", help="score only cases whose name contains TEXT")
    p.add_argument("--edges", action="store_true", help="with -v: also print every edge that `happy` gave")
    p.add_argument("--no-git", action="store_true", help="ask `happy graph --no-git` instead of a repository")
    p.add_argument("--direct", action="store_true", help="judge only the sites that call directly (Java)")
    p.add_argument("--names", action="store_true", help="count edges of confidence `name` too")
    p.add_argument("--check", action="store_true", help="exit 1 when a suite misses its goal")
    p.add_argument("-j", "--jobs", type=int, default=os.cpu_count(), help="cases at once")
    return p.parse_args()


def repository(suite, case, stamp):
    """The case as a repository, copied and committed on its first use."""
    folder = SCRATCH / suite / case.replace("/", "+")
    mark = folder.with_name(folder.name + ".stamp")
    if not mark.exists() or mark.read_text() != stamp:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(SUITES / suite / "cases" / case, folder)
        happy_graph.make_repository(folder)
        mark.write_text(stamp)
    return folder


def run_case(happy, suite, case, stamp, git):
    """Edge records of one case, or the error that `happy` gave."""
    folder = repository(suite, case, stamp)
    happy_graph.forget_index(folder)
    try:
        return happy_graph.call_edges(happy, folder, git, timeout=60), None
    except happy_graph.HappyFailed as error:
        return [], str(error)


def row(case, edge):
    """One edge record as a row of the scorer."""
    return {"case": case, "caller": f"{edge['source_path']}:{edge['source_line']}",
            "callee": f"{edge['target_path']}:{edge['target_line']}", "site": edge["line"],
            "confidence": edge["confidence"]}


def source(suite, case, place):
    """`file:line` and the text of that line, as one printable string."""
    file, line = place.rsplit(":", 1)
    if line == "0":
        return f"{place} (top level)"
    try:
        text = (SUITES / suite / "cases" / case / file).read_text(errors="replace").splitlines()[int(line) - 1]
    except (OSError, IndexError, ValueError):
        text = "?"
    return f"{place}  {paint('2', text.strip()[:100])}"


def paint(code, text):
    """`text` in an ANSI colour when a person is looking."""
    return f"\x1b[{code}m{text}\x1b[0m" if sys.stdout.isatty() else text


def show_case(suite, case, bad, edges, rows, error, with_edges):
    """Prints the misses and inventions of one case."""
    print(paint("1", f"\n{suite} {case}"))
    if error:
        print(f"  {paint('31', 'error')}  {error}")
    for item in bad:
        kind, place = item[0], item[2:]
        if len(place) == 2:
            (caller, callee), site = place, None
        else:
            (file, site, callee), caller = place, None
        word = paint("33", "miss    ") if kind == "FN" else paint("31", "invented")
        print(f"  {word} {source(suite, case, callee)}")
        if caller:
            print(f"      from {source(suite, case, caller)}")
        if site:
            print(f"      at   {source(suite, case, f'{file}:{site}')}")
        if kind == "FP":
            for r in rows:
                if r["callee"] == callee and (caller in (None, r["caller"])) and site in (None, r["site"]):
                    where = r["caller"].rsplit(":", 1)[0]
                    print(f"      {r['confidence']:8} at {source(suite, case, f'{where}:{r_site(r)}')}")
        elif any(e.get("target_path") and row(case, e)["callee"] == callee
                 and e["confidence"] not in COUNTED for e in edges):
            print("      (found by name only)")
    if with_edges:
        for e in edges:
            print(f"      edge {e['confidence']:8} {e['path']}:{e['line']}:{e['column']}  {e['source_path']}:{e['source_line']} -> {e.get('target_path')}:{e.get('target_line')}")


def r_site(r):
    """The site's line of a scorer row, 0 when unknown."""
    return r.get("site") or 0


def since_last(results):
    """Says which cases became right or wrong since this binary's last run."""
    memory = SCRATCH / f"last-{hashlib.sha1(os.environ['HAPPY_BIN'].encode()).hexdigest()[:10]}.json"
    old = json.loads(memory.read_text()) if memory.exists() else {}
    better = sorted(k for k, v in results.items() if k in old and v < old[k])
    worse = sorted(k for k, v in results.items() if k in old and v > old[k])
    memory.write_text(json.dumps({**old, **results}))
    for word, cases in (("better", better), ("worse", worse)):
        if cases:
            more = f" … and {len(cases) - 12} more" if len(cases) > 12 else ""
            print(f"{word} than last time: {', '.join(cases[:12])}{more}")


def run_suite(args, happy, suite, pool):
    """Asks and scores one suite: (summary, bad rows, edges, rows, errors) by case."""
    truth_file = SUITES / suite / "truth.jsonl"
    stamp = hashlib.sha1(truth_file.read_bytes()).hexdigest()
    truth = scorer.load(truth_file)
    cases = sorted({r["case"] for r in truth if args.case in r["case"] and (args.verbose or "") in r["case"]})
    futures = {c: pool.submit(run_case, happy, suite, c, stamp, not args.no_git) for c in cases}
    edges = {c: f.result()[0] for c, f in futures.items()}
    errors = {c: f.result()[1] for c, f in futures.items() if f.result()[1]}
    keep = COUNTED + (("name",) if args.names else ())
    rows = [row(c, e) for c in cases for e in edges[c] if e["confidence"] in keep and e.get("target_path")]
    load, wanted = scorer.load, set(cases)
    try:  # the scorer reads the whole truth; with a filter only the wanted cases count
        scorer.load = lambda path: [r for r in load(path) if r["case"] in wanted]
        summary, bad = scorer.score(str(SUITES / suite), rows, True)
    finally:
        scorer.load = load
    return summary, bad, edges, rows, errors


def main():
    """Scores the suites asked for and prints one table."""
    args = arguments()
    happy = happy_graph.binary()
    SCRATCH.mkdir(parents=True, exist_ok=True)
    known = sorted(p.parent.name for p in SUITES.glob("*/truth.jsonl"))
    if unknown := [s for s in args.suites if s not in known]:
        raise SystemExit(f"error: no suite `{unknown[0]}`\nhint: there are {', '.join(known)}")
    lines, counts, missed = [], {}, False
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for suite in args.suites or known:
            begin = time.monotonic()
            summary, bad, edges, rows, errors = run_suite(args, happy, suite, pool)
            took = time.monotonic() - begin
            wrong = Counter(item[1] for item in bad)
            counts |= {f"{suite}/{c}": wrong[c] + (1000 if c in errors else 0) for c in edges}
            if args.verbose is not None:
                for case in sorted(set(wrong) | set(errors) | (set(edges) if args.edges else set())):
                    show_case(suite, case, [b for b in bad if b[1] == case], edges[case],
                              [r for r in rows if r["case"] == case], errors.get(case), args.edges)
            elif errors:
                case, error = next(iter(errors.items()))
                print(f"{suite}: `happy` failed on {len(errors)} cases, first {case}: {error}", file=sys.stderr)
            goal = GOALS.get(suite)
            ok = goal is None or summary["f1"] >= goal
            missed |= not ok
            lines.append((suite, summary, goal, ok, len(errors), took))
    print(f"\n{'suite':12}{'cases':>6}{'right':>6}{'tp':>5}{'fp':>5}{'fn':>5}{'prec':>8}{'recall':>8}{'F1':>8}{'goal':>6}{'s':>7}")
    for suite, s, goal, ok, failed, took in lines:
        text = (f"{suite:12}{s['cases']:6}{s['exact']:6}{s['tp']:5}{s['fp']:5}{s['fn']:5}{s['precision']:8.3f}"
                f"{s['recall']:8.3f}{s['f1']:8.3f}{goal or 0:6.2f}{took:7.1f}")
        print(paint("32" if ok else "31", text) + (f"  {failed} failed" if failed else ""))
    if not (args.names or args.direct):
        since_last(counts)
    return 1 if args.check and missed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
