"""Explore a repository that you have never seen.

    python explore.py PATH

Cells are marked with `# %%`, as editors and Jupyter (with jupytext) take them.
"""

# %% Open it. What is not indexed yet is indexed now.
from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import happy

repo = happy.HappyRepo(sys.argv[1] if len(sys.argv) > 1 else Path.cwd())
print(repo)

# %% What is there? Symbols by kind, and the files that hold most of them.
kinds = Counter(symbol.kind for symbol in repo)
files = Counter(symbol.path for symbol in repo)
print("kinds:", dict(sorted(kinds.items())))
for path, count in files.most_common(5):
    print(f"  {count:5} symbols in {path}")

# %% What carries it? The symbols that most others reach.
called = Counter(edge.target for edge in repo.edges("calls") if edge.target_path)
print("most called:")
for name, count in called.most_common(5):
    print(f"  {count:5} calls of {name}")

# %% What is it made of? The packages outside the repository that it calls.
outside = Counter(edge.target for edge in repo.edges("calls") if not edge.target_path)
print("most called outside:", [name for name, _ in outside.most_common(5)])

# %% Where does something happen? Ask in words, then read the first answer.
question = sys.argv[2] if len(sys.argv) > 2 else "where it starts"
hits = repo.search(question, limit=3)
print(f"{question!r}:")
for hit in hits:
    print(f"  {hit.rank}. {hit.symbol}:{hit.line}")
for source in repo.show(hits[0]) if hits else []:
    print(source.text)

# %% In a notebook, this draws the surroundings of the busiest symbol.
repo  # noqa: B018
