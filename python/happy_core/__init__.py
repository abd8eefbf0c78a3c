"""Answers to structural and semantic questions about a Git repository.

`HappyRepo` reads the index in place and gives typed, immutable objects; each
question has the name of the command's verb beside its own. The package `happy`
adds what is pleasant in a notebook.
"""

import os
from collections.abc import Iterable
from typing import TypeAlias

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

_One: TypeAlias = (
    str
    | bytes
    | os.PathLike[str]
    | Callee
    | Caller
    | Dependency
    | Hit
    | Impacted
    | Reference
    | Source
    | Step
    | Symbol
    | Touched
    | Unresolved
)

#: What a question takes as a symbol: a name or a path, an object of an answer,
#: or several of these.
Symbols: TypeAlias = _One | Iterable[_One]

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
    "Symbols",
    "Touched",
    "Unresolved",
    "UsageError",
    "__version__",
]
