"""Find functions that nobody seems to use.

    python dead_functions.py PATH

Candidates, not verdicts: a name that no call, mention or import reaches, and
that no undecided call site bears, may still be called by a framework.
"""

# %% Everything that can be called, and everything that is reached.
from __future__ import annotations

import sys
from pathlib import Path

import happy

repo = happy.HappyRepo(sys.argv[1] if len(sys.argv) > 1 else Path.cwd())
functions = repo.symbols(kind=["function", "method"])
reached = {
    edge.target
    for edge in repo.edges(["calls", "references", "imports"])
    # A function that only calls itself is not used.
    if edge.source != edge.target
}
# A method that overrides another is called through it.
overriding = {edge.source for edge in repo.edges("overrides")}


# %% What is left, without what the language calls by itself.
def is_candidate(symbol: happy.Symbol) -> bool:
    """Whether nothing that is known uses it."""
    special = symbol.name.startswith("__") or symbol.name in ("main", "<lambda>")
    test = symbol.name.lower().startswith("test")
    used = symbol.symbol in reached or symbol.symbol in overriding
    return not (special or test or used) and repo.undecided(symbol) == 0


dead = [symbol for symbol in functions if is_candidate(symbol)]

# %% By file, so that they can be looked at.
for symbol in dead:
    print(f"{symbol.path}:{symbol.line}: {symbol.symbol.rpartition('::')[2]} seems unused")
print(f"{len(dead)} of {len(functions)} functions seem unused")
