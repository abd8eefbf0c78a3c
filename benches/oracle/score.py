"""Scores the call graph of a real repository against an oracle's truth.

    score.py REPOSITORY LANGUAGE [--truth FILE] [--edges FILE] [--worst N] [--markdown] [--show TEXT]

Judged are the call sites that the oracle decided. A site into the repository
counts as found for each of its targets that `happy` gives (or an allowed
stand-in: an override below it, the class of a constructor). Edges at such sites
to anything else are inventions; edges at sites that leave the repository are
phantoms. Edges of confidence `name` are not counted; implicit calls (operators,
properties, decorators) have a line of their own.
"""

import argparse
import json
import re
import signal
import sys
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import happy_graph  # noqa: E402

import truth as oracle  # noqa: E402

COUNTED = ("exact", "inferred")


class Site:
    """One judged place: what the oracle says of it and what `happy` gave."""

    def __init__(self, first):
        self.file, self.line, self.column, self.name = first["file"], first["line"], first["column"], first["name"]
        self.implicit = first["kind"] == "implicit"
        self.targets, self.allowed, self.edges = set(), set(), []
        self.external = self.partial = self.undecided = self.open = False

    def add(self, row):
        """Merges a further row of the same place (a template, a macro, a generic)."""
        self.targets |= {(t["file"], t["line"]) for t in row["targets"]}
        self.allowed |= {(t["file"], t["line"]) for t in row["allowed"]}
        self.external |= row["external"]
        self.partial |= row.get("partial", False)
        self.undecided |= row.get("undecided", False)
        self.open |= row.get("open", False)

    def accepts(self, edge):
        """Whether an edge is a right answer here."""
        return goal(edge) in self.targets or goal(edge) in self.allowed

    def missing(self):
        """Targets that nothing found."""
        given = {goal(e) for e in self.edges}
        return set() if given & self.allowed else self.targets - given


def goal(edge):
    """The place that an edge points at."""
    return edge["target_path"], edge["target_line"]


def load(path):
    """Sites by (file, line)."""
    sites = {}
    for line in Path(path).read_text().splitlines():
        row = json.loads(line)
        key = (row["file"], row["line"], row["column"], row["kind"])
        sites.setdefault(key, Site(row)).add(row)
    lines = defaultdict(list)
    for site in sites.values():
        lines[site.file, site.line].append(site)
    return lines


def last_name(symbol):
    """The simple name at the end of a symbol."""
    return re.split(r"::|\.|#", symbol.rstrip("()"))[-1]


def place(edge, here):
    """The site among those on a line that an edge belongs to, or None."""
    explicit = [s for s in here if not s.implicit]
    at = [s for s in here if s.column == edge["column"]]
    for site in at:
        if site.accepts(edge):
            return site
    for site in here:
        if site.accepts(edge) and (site.implicit or not at):
            return site
    for site in explicit:
        if site in at:
            return site
    for site in here:
        if site.accepts(edge):
            return site
    for site in here:
        if site.implicit and site.column == edge["column"]:
            return site
    for site in explicit:
        if site.name and site.name == last_name(edge.get("target", "")):
            return site
    return None


def form(site, text):
    """What kind of call a site is, from the text before the name."""
    before = text.encode()[:max((site.column or 1) - 1, 0)].decode("utf8", "replace").rstrip()
    if site.implicit:
        return "implicit"
    if re.search(r"\bsuper(\(.*\))?\s*(\.|::)$", before):
        return "super"
    if re.search(r"\b(self|this|cls|Self)\s*(\.|->|::|\?\.)$", before):
        return "member of self"
    if re.search(r"(\.|->|\?\.)$", before) or before == "" and re.match(r"\s*\??\.", text):
        before = re.sub(r"(\.|->|\?\.)$", "", before).rstrip("?! ")
        if before.endswith((")", "]", "}")) or not before:
            return "member of a result"
        return "member of a field" if re.search(r"[\w)\]](\.|->)\w+$", before) else "member of a name"
    if before.endswith("::"):
        return "path"
    if before.endswith("new") or (site.name or "")[:1].isupper():
        return "constructor"
    return "plain name"


def ratio(part, whole):
    """part ÷ whole, None without a whole."""
    return part / whole if whole else None


def shown(value):
    """A ratio with three decimals."""
    return "–" if value is None else f"{value:.3f}"


def judge(lines, edges):
    """Lays the edges on the sites; returns how many lie on no judged site.

    Beside an implicit call that the oracle leaves open, what an explicit call
    has besides a right edge may be the implicit call's, and is not judged. Nor
    is, at a site that is open, an edge into a file that the oracle did not read.
    """
    unplaced = 0
    sites = [s for here in lines.values() for s in here]
    read = {s.file for s in sites} | {file for s in sites for file, _ in s.targets | s.allowed}
    for edge in edges:
        site = place(edge, lines.get((edge["path"], edge["line"]), ()))
        if site is None or site.open and edge["target_path"] not in read:
            unplaced += 1
        elif edge not in site.edges:
            site.edges.append(edge)
    for here in lines.values():
        if any(s.undecided for s in here):
            for site in here:
                right = [e for e in site.edges if site.accepts(e)]
                if not site.implicit and right or site.undecided:
                    unplaced += len(site.edges) - len(right)
                    site.edges = right
    return unplaced


def measures(sites):
    """The numbers of one set of sites."""
    inside = [s for s in sites if s.targets]
    outside = [s for s in sites if s.external and not s.targets]
    right = Counter(e["confidence"] for s in sites for e in s.edges if s.accepts(e))
    wrong = Counter(e["confidence"] for s in sites for e in s.edges if not s.accepts(e) and not s.partial)
    inside_right = sum(s.accepts(e) for s in inside for e in s.edges)
    inside_wrong = sum(not s.accepts(e) and not s.partial for s in inside for e in s.edges)
    wanted = sum(len(s.targets) for s in inside)
    missed = sum(len(s.missing()) for s in inside)
    phantom = sum(any(not s.accepts(e) for e in s.edges) for s in outside)
    return {"sites": len(inside), "targets": wanted, "recall": ratio(wanted - missed, wanted),
            "precision": ratio(inside_right, inside_right + inside_wrong),
            "external_sites": len(outside), "phantom": ratio(phantom, len(outside)),
            **{f"{c}_edges": right[c] + wrong[c] for c in COUNTED},
            **{f"{c}_precision": ratio(right[c], right[c] + wrong[c]) for c in COUNTED}}


def worst(found, count, repository):
    """The commonest mistakes: how many edges, kind of call, what, one example.

    `found` pairs a site with the definitions that are missing or invented there;
    sites that are wrong about the same definitions are one line.
    """
    groups, kinds, texts = defaultdict(list), Counter(), {}
    for site, targets in found:
        if site.file not in texts:
            texts[site.file] = (repository / site.file).read_text(errors="replace").splitlines()
        text = texts[site.file][site.line - 1] if site.line <= len(texts[site.file]) else ""
        kind = form(site, text)
        kinds[kind] += len(targets)
        groups[kind, targets].append((site, text.strip()[:90]))
    rows = []
    for (kind, targets), members in sorted(groups.items(), key=lambda g: (-len(g[1]) * len(g[0][1]), g[0]))[:count]:
        site, text = members[0]
        what = f"{targets[0][0]}:{targets[0][1]}" + (f" and {len(targets) - 1} more" if len(targets) > 1 else "")
        rows.append((len(members) * len(targets), kind, what, f"{site.file}:{site.line}", text))
    return kinds, rows


def show(sites, wanted, repository):
    """Every mistake at a place or about a definition whose `file:line` contains `wanted`."""
    def line(file, number):
        text = (repository / file).read_text(errors="replace").splitlines()
        return text[number - 1].strip()[:110] if 0 < number <= len(text) else ""

    for site in sites:
        missing = site.missing()
        wrong = [] if site.partial else [e for e in site.edges if not site.accepts(e)]
        places = [(site.file, site.line), *missing, *map(goal, wrong)]
        if not (missing or wrong) or not any(wanted in f"{f}:{n}" for f, n in places):
            continue
        print(f"\n{site.file}:{site.line}:{site.column}  {line(site.file, site.line)}")
        for target in sorted(missing):
            print(f"  miss      {target[0]}:{target[1]}  {line(*target)}")
        for e in wrong:
            word = "phantom " if site.external and not site.targets else "invented"
            print(f"  {word}  {e['target_path']}:{e['target_line']}  {line(*goal(e))}  ({e['confidence']})")


def report(args, lines, edges, repository):
    """Prints the numbers and the worst mistakes."""
    unplaced = judge(lines, edges)
    sites = [s for here in lines.values() for s in here]
    calls, implicit = [s for s in sites if not s.implicit], [s for s in sites if s.implicit]
    if args.show:
        show([*calls, *implicit] if args.implicit else calls, args.show, Path(repository))
        return
    m = measures(calls)
    name = Path(repository).name
    if args.json:
        print(json.dumps({"repository": name, "language": args.language, **m, "unplaced": unplaced}))
        return
    head = ["repository", "language", "sites", "precision", "recall", "exact", "inferred", "phantom"]
    cells = [name, args.language, str(m["sites"]), *(shown(m[k]) for k in
             ("precision", "recall", "exact_precision", "inferred_precision", "phantom"))]
    if args.markdown:
        print("| " + " | ".join(head) + " |\n|" + "---|" * len(head) + "\n| " + " | ".join(cells) + " |")
    else:
        print("".join(f"{h:>16}" for h in head) + "\n" + "".join(f"{c:>16}" for c in cells))
        print(f"\nedges judged: {m['exact_edges']} exact, {m['inferred_edges']} inferred; {unplaced} lie on no judged "
              f"site; {m['external_sites']} sites leave the repository")
        off = sum(e["column"] != s.column for s in sites for e in s.edges)
        if off * 10 > sum(len(s.edges) for s in sites):
            print(f"note: {off} edges are not in the column of a called name; they were matched by target or name")
        i = measures(implicit)
        print(f"implicit calls: {i['sites']} sites, precision {shown(i['precision'])}, recall {shown(i['recall'])}, "
              f"phantom {shown(i['phantom'])}")
    misses = [(s, (t,)) for s in calls for t in sorted(s.missing())]
    inventions = [(s, wrong) for s in calls if not s.partial
                  and (wrong := tuple(sorted({goal(e) for e in s.edges if not s.accepts(e)})))]
    for title, found in (("misses", misses), ("inventions", inventions)):
        kinds, rows = worst(found, args.worst, Path(repository))
        print(f"\n{title}: {sum(len(targets) for _, targets in found)} at {len({s for s, _ in found})} sites; " + ", ".join(f"{k} {n}" for k, n in kinds.most_common()))
        if args.markdown:
            print("\n| times | kind | definition | for example | text |\n|--:|---|---|---|---|")
        for n, kind, target, at, text in rows:
            text = text.replace("|", "\\|") if args.markdown else text
            print(f"| {n} | {kind} | `{target}` | `{at}` | `{text}` |" if args.markdown
                  else f"  {n:5} {kind:18} -> {target}\n        {at}  {text}")


def main():
    """Reads both sides and reports."""
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("repository", type=Path)
    p.add_argument("language")
    p.add_argument("--truth", type=Path, help="rows of the oracle (default: where it wrote them)")
    p.add_argument("--edges", type=Path, help="edge records, instead of running `happy`")
    p.add_argument("--worst", type=int, default=20, metavar="N")
    p.add_argument("--show", metavar="TEXT", help="every mistake at or about a `file:line` that contains TEXT")
    p.add_argument("--implicit", action="store_true", help="with --show: implicit calls too")
    p.add_argument("--markdown", action="store_true")
    p.add_argument("--json", action="store_true", help="the numbers alone, as one JSON line")
    args = p.parse_args()
    source = args.truth or oracle.output(args.repository, args.language)
    if not source.exists():
        raise SystemExit(f"error: no truth at `{source}`\nhint: run the oracle of {args.language} first")
    edges = ([json.loads(line) for line in args.edges.open()] if args.edges
             else happy_graph.call_edges(happy_graph.binary(), args.repository))
    edges = [e for e in edges if e.get("type") == "edge" and e["confidence"] in COUNTED and e.get("target_path")]
    report(args, load(source), edges, args.repository)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    main()
