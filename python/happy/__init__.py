"""Ask a Git repository about its code.

>>> import happy
>>> with happy.HappyRepo("path/to/repository") as repo:
...     for caller in repo.find_callers("login", transitive=True):
...         print(caller.symbol, caller.site_path, caller.site_line)

`HappyRepo` is `happy_core.HappyRepo` with what is pleasant in Python: a context
manager, iteration, `to_networkx()`, `to_pandas()`, and drawings in notebooks.
Answers are lists of the typed, immutable objects of `happy_core`.
"""

from happy_core import (
    INDEX_FORMAT,
    BusyError,
    Callee,
    Caller,
    ClosedError,
    Dependency,
    Edge,
    HappyError,
    HappyWarning,
    Hit,
    Impacted,
    IndexError,  # noqa: A004
    InternalError,
    Reference,
    RepositoryError,
    RevisionNotFound,
    Source,
    Step,
    Symbol,
    SymbolNotFound,
    Symbols,
    Touched,
    Unresolved,
    UsageError,
    __version__,
)

from .neighbourhood import Neighbourhood
from .repo import HappyRepo
from .tables import to_pandas

__all__ = [
    "INDEX_FORMAT",
    "BusyError",
    "Callee",
    "Caller",
    "ClosedError",
    "Dependency",
    "Edge",
    "HappyError",
    "HappyRepo",
    "HappyWarning",
    "Hit",
    "Impacted",
    "IndexError",
    "InternalError",
    "Neighbourhood",
    "Reference",
    "RepositoryError",
    "RevisionNotFound",
    "Source",
    "Step",
    "Symbol",
    "SymbolNotFound",
    "Symbols",
    "Touched",
    "Unresolved",
    "UsageError",
    "__version__",
    "to_pandas",
]
