"""Answers to structural and semantic questions about a Git repository.

`HappyRepo` reads the index in place and gives typed, immutable objects; each
question has the name of the command's verb beside its own. The package `happy`
adds what is pleasant in a notebook.
"""

from ._core import (
    INDEX_FORMAT,
    BusyError,
    Callee,
    Caller,
    ClosedError,
    Dependency,
    Edge,
    HappyError,
    HappyRepo,
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
    Touched,
    Unresolved,
    UsageError,
    __version__,
)

# One method, two names: what the verb is called, and what it does.
HappyRepo.callers = HappyRepo.find_callers
HappyRepo.callees = HappyRepo.find_callees
HappyRepo.deps = HappyRepo.get_dependencies
HappyRepo.refs = HappyRepo.references
HappyRepo.path = HappyRepo.path_between
HappyRepo.graph = HappyRepo.edges

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
    "Reference",
    "RepositoryError",
    "RevisionNotFound",
    "Source",
    "Step",
    "Symbol",
    "SymbolNotFound",
    "Touched",
    "Unresolved",
    "UsageError",
    "__version__",
]
