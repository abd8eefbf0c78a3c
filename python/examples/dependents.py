"""Draw who depends on a module.

    python dependents.py PATH MODULE [OUTPUT.html]

`MODULE` is a file of the repository. Without an output the drawing is named
`dependents.html`.
"""

# %% Who depends on it, directly and through others?
from __future__ import annotations

import sys
from pathlib import Path

import happy
from happy import drawing

repo = happy.HappyRepo(sys.argv[1] if len(sys.argv) > 1 else Path.cwd())
module = sys.argv[2] if len(sys.argv) > 2 else repo.symbols(kind="file")[0].symbol
found = repo.get_dependencies(module, reverse=True, transitive=True)
for record in found:
    print(f"{'  ' * record.depth}{record.symbol} {record.edge} {record.of}")
print(f"{len(found)} files depend on {module}")

# %% And what does it depend on itself?
needs = repo.get_dependencies(module)

# %% The drawing: dependents on the left, what it needs on the right.
direct = [record.symbol for record in found if record.depth == 1]
picture = drawing.star(module, direct, [record.symbol for record in needs])
output = Path(sys.argv[3] if len(sys.argv) > 3 else "dependents.html")
output.write_text(f"<!doctype html><meta charset='utf-8'>{picture}", "utf-8")
print(f"drawn in {output}")
