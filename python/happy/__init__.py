"""Ask a Git repository about its code.

>>> import happy
>>> with happy.HappyRepo("path/to/repository") as repo:
...     for caller in repo.find_callers("login", transitive=True):
...         print(caller.symbol, caller.site_path, caller.site_line)

>>> for event in happy.Agent("path/to/repository", model="ollama:qwen3").run("fix login"):
...     print(event)

`HappyRepo` is `happy_core.HappyRepo` with what is pleasant in Python: a context
manager, iteration, `to_networkx()`, `to_pandas()`, and drawings in notebooks.
Answers are lists of the typed, immutable objects of `happy_core`; `Agent` runs the
command's agent, and yields what happens as typed events.
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

from .agent import Agent, Message, Model
from .events import (
    AgentCall,
    AgentCell,
    AgentEnd,
    AgentFailure,
    AgentGate,
    AgentLanded,
    AgentLanding,
    AgentObservation,
    AgentReply,
    AgentResume,
    AgentStart,
    Event,
    Spent,
)
from .failures import AgentError, ModelError, SandboxError, SecretError
from .neighbourhood import Neighbourhood
from .repo import HappyRepo
from .run import Run
from .tables import to_pandas

__all__ = [
    "INDEX_FORMAT",
    "Agent",
    "AgentCall",
    "AgentCell",
    "AgentEnd",
    "AgentError",
    "AgentFailure",
    "AgentGate",
    "AgentLanded",
    "AgentLanding",
    "AgentObservation",
    "AgentReply",
    "AgentResume",
    "AgentStart",
    "BusyError",
    "Callee",
    "Caller",
    "ClosedError",
    "Dependency",
    "Edge",
    "Event",
    "HappyError",
    "HappyRepo",
    "HappyWarning",
    "Hit",
    "Impacted",
    "IndexError",
    "InternalError",
    "Message",
    "Model",
    "ModelError",
    "Neighbourhood",
    "Reference",
    "RepositoryError",
    "RevisionNotFound",
    "Run",
    "SandboxError",
    "SecretError",
    "Source",
    "Spent",
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
