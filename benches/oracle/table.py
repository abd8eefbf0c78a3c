"""Prints the numbers of several repositories as one table; `--markdown` for the documents."""

import json
import sys

COLUMNS = [("repository", None), ("language", None), ("sites", "d"), ("precision", "r"), ("recall", "r"),
           ("exact_precision", "r"), ("inferred_precision", "r"), ("external_sites", "d"), ("phantom", "r")]
HEADS = ["repository", "language", "sites", "precision", "recall", "exact", "inferred", "external", "phantom"]


def cell(value, form):
    """One number as text; a missing ratio is a dash."""
    if value is None:
        return "–"
    return f"{value:.3f}" if form == "r" else str(value)


def main():
    """Reads one JSON line per repository."""
    lines = [[cell(n[key], form) for key, form in COLUMNS] for n in map(json.loads, filter(str.strip, sys.stdin))]
    if "--markdown" in sys.argv:
        print("| " + " | ".join(HEADS) + " |")
        print("|---|---|" + "--:|" * (len(HEADS) - 2))
        for line in lines:
            print("| " + " | ".join(line) + " |")
        return
    for line in [HEADS, *lines]:
        print(f"{line[0]:16}{line[1]:12}" + "".join(f"{c:>11}" for c in line[2:]))


if __name__ == "__main__":
    main()
