"""Lists the worst misses and inventions of a repository, one row per site.

    worst.py REPOSITORY LANGUAGE --edges FILE [--truth FILE] [--count N] [--kinds FILE]

Sites that are wrong about the same definitions are one group; the largest
groups come first, and of each the first site in the order of paths and lines,
so two runs list the same. `--kinds` names a file of lines `path:line<TAB>kind`:
what a person found when looking at the site. Rows are those of a Markdown
table, with a last column for the kind.
"""

import argparse
import json
import signal
from collections import defaultdict
from pathlib import Path

import score
import truth as oracle


def named(place, repository, texts):
    """A definition as `file:line`, with the text of its line."""
    file, line = place
    if file not in texts:
        path = repository / file
        texts[file] = path.read_text(errors="replace").splitlines() if path.is_file() else []
    text = texts[file][line - 1].strip() if 0 < line <= len(texts[file]) else ""
    return f"`{short(file)}:{line}`", text


def short(file):
    """The last two parts of a path."""
    return "/".join(file.rsplit("/", 2)[-2:])


def groups(found):
    """Groups of sites by what is wrong, the largest first, each in order."""
    by = defaultdict(list)
    for site, wrong in found:
        by[wrong].append(site)
    for sites in by.values():
        sites.sort(key=lambda s: (s.file, s.line, s.column or 0))
    return sorted(by.items(), key=lambda g: (-len(g[1]), g[0]))


def mistakes(sites):
    """(misses, inventions) as pairs of a site and the places that are wrong there."""
    misses = [(s, tuple(sorted(s.missing()))) for s in sites if s.missing()]
    inventions = []
    for site in sites:
        wrong = {score.goal(e) for e in site.edges if not site.accepts(e)}
        if wrong and not site.partial:
            inventions.append((site, tuple(sorted(wrong))))
    return misses, inventions


def row(site, wrong, times, repository, texts, kinds):
    """One row of a table."""
    place, text = named((site.file, site.line), repository, texts)
    expected = [named(t, repository, texts)[0] for t in sorted(site.targets)]
    given = sorted({(score.goal(e), e["confidence"]) for e in site.edges}, key=lambda g: (g[0] not in wrong, g))
    shown = [f"{named(t, repository, texts)[0]} {confidence}" for t, confidence in given[:2]]
    if len(given) > 2:
        shown.append(f"{len(given) - 2} more")
    cells = [str(times), place, "`" + text[:80].replace("|", "\\|").replace("`", "'") + "`",
             ", ".join(expected) or "outside", ", ".join(shown) or "nothing",
             kinds.get(f"{site.file}:{site.line}", "")]
    return "| " + " | ".join(cells) + " |"


def main():
    """Reads both sides and prints two tables."""
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("repository", type=Path)
    p.add_argument("language")
    p.add_argument("--edges", type=Path, required=True)
    p.add_argument("--truth", type=Path)
    p.add_argument("--count", type=int, default=20)
    p.add_argument("--kinds", type=Path)
    args = p.parse_args()
    lines = score.load(args.truth or oracle.output(args.repository, args.language))
    edges = [json.loads(line) for line in args.edges.open()]
    edges = [e for e in edges if e.get("type") == "edge" and e["confidence"] in score.COUNTED and e.get("target_path")]
    score.judge(lines, edges)
    sites = [s for here in lines.values() for s in here if not s.implicit]
    kinds = dict(line.rstrip("\n").split("\t", 1) for line in args.kinds.open()) if args.kinds else {}
    texts = {}
    for title, found in zip(("misses", "inventions"), mistakes(sites)):
        listed = groups(found)[:args.count]
        print(f"\n### {args.repository.resolve().name}: {title} at {len(found)} of {len(sites)} sites\n")
        print("| times | site | text | expected | given | kind |\n|--:|---|---|---|---|---|")
        for wrong, members in listed:
            print(row(members[0], wrong, len(members), args.repository, texts, kinds))


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    main()
