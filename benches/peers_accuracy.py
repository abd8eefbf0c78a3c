"""Scores two other call-graph tools on the suites that score `happy`.

Run through `peers.sh --accuracy`. Each case is given to each tool in a copy of
its own; their edges become rows `caller, callee, site` by the lines of names,
and the suites' own scorer judges them. A tool is helped where its records say
less than the scorer wants: where a definition starts at a decorator or a
comment, the first line that has its name is taken.
"""

import argparse
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, os.environ["CALLGRAPH_TOOLS"])
import score as scorer  # noqa: E402

SUITES = Path(os.environ["CALLGRAPH_SUITES"])
CORPUS = Path(os.environ["HAPPY_CORPUS"])
SCRATCH = CORPUS / "peers" / "suites"
CODEGRAPH = CORPUS / "peers-npm/node_modules/.bin/codegraph"
CGG_PYTHON = CORPUS / "peers-venv/bin/python"
CGG = "import cgg, json, sys\nfor line in sys.stdin:\n    graph = cgg.analyze(line.strip(), include_tests=True, jobs=1)\n" \
      "    print(graph.to_json().replace('\\n', ' '), flush=True)"


def name_line(folder, file, start, end, name):
    """The line of a definition's name, from 1: the first that has it."""
    try:
        lines = (folder / file).read_text(errors="replace").splitlines()
    except OSError:
        return start
    word = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")
    for at in range(start, min(end, len(lines)) + 1):
        if word.search(lines[at - 1]):
            return at
    return start


def cgg(cases):
    """The edges that cgg finds in each folder."""
    tool = subprocess.Popen([CGG_PYTHON, "-c", CGG], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True)
    for case, folder in cases:
        tool.stdin.write(f"{folder}\n")
        tool.stdin.flush()
        graph = json.loads(tool.stdout.readline())
        files = {key: os.path.relpath(file["path"], folder) for key, file in graph["files"].items()}

        def place(key):
            known = graph["callables"].get(key)
            if known is None:
                return None
            file = files[known["file"]]
            return f"{file}:{name_line(folder, file, known['start_line'], known['end_line'], known['simple_name'])}"

        for edge in graph["edges"]:
            caller, callee = place(edge.get("src")), place(edge.get("dst"))
            yield {"case": case, "caller": caller, "callee": callee, "site": edge["site_line"]}
    tool.stdin.close()
    tool.wait()


def codegraph(cases):
    """The edges that codegraph finds in each folder."""
    env = dict(os.environ, HOME=str(SCRATCH / "home"), DO_NOT_TRACK="1", CODEGRAPH_TELEMETRY="0", CODEGRAPH_NO_DAEMON="1")
    for case, folder in cases:
        shutil.rmtree(folder / ".codegraph", ignore_errors=True)
        subprocess.run([CODEGRAPH, "init", "-y", str(folder)], env=env, check=True, capture_output=True, timeout=300)
        with sqlite3.connect(folder / ".codegraph/codegraph.db") as base:
            nodes = {row[0]: row[1:] for row in base.execute("select id, kind, name, file_path, start_line, end_line from nodes")}
            edges = base.execute("select source, target, line from edges where kind in ('calls', 'instantiates')").fetchall()
        shutil.rmtree(folder / ".codegraph")

        def place(key):
            kind, name, file, start, end = nodes[key]
            return f"{file}:0" if kind == "file" else f"{file}:{name_line(folder, file, start, end, name)}"

        for source, target, line in edges:
            if source in nodes and target in nodes:
                yield {"case": case, "caller": place(source), "callee": place(target), "site": line}


def main():
    """Prints one row for each suite and tool."""
    p = argparse.ArgumentParser(prog="benches/peers.sh --accuracy", description=__doc__.split("\n")[0])
    p.add_argument("suites", nargs="*", metavar="SUITE", help="suites to score (default: all)")
    wanted = p.parse_args().suites
    (SCRATCH / "home").mkdir(parents=True, exist_ok=True)
    print(f"{'suite':12}{'tool':12}{'precision':>10}{'recall':>8}{'F1':>8}")
    for suite in sorted(path.name for path in SUITES.iterdir() if (path / "truth.jsonl").exists()):
        if wanted and suite not in wanted:
            continue
        names = sorted({row["case"] for row in scorer.load(SUITES / suite / "truth.jsonl")})
        cases = []
        for case in names:
            folder = SCRATCH / suite / case.replace("/", "+")
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(SUITES / suite / "cases" / case, folder)
            cases.append((case, folder))
        for tool in (cgg, codegraph):
            found, _ = scorer.score(str(SUITES / suite), list(tool(cases)))
            print(f"{suite:12}{tool.__name__:12}{found['precision']:10.3f}{found['recall']:8.3f}{found['f1']:8.3f}", flush=True)


main()
