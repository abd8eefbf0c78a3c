"""
Answers to structural and semantic questions about a Git repository

Open a repository with `HappyRepo` and ask it. The package `happy` adds
what is pleasant in a notebook.
"""

# Generated from the library by `tools/stub.py`; do not edit.
import builtins
import os
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal, TypeAlias, final

from typing_extensions import Self

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

Symbols: TypeAlias = _One | Iterable[_One]

class HappyError(Exception):
    """What every exception of `happy` is. Attributes: `code` (a stable name), `exit_code` (the command's), `retryable`, `hint`."""

    code: str
    exit_code: int
    retryable: bool
    hint: str | None

class ClosedError(HappyError):
    """The repository was closed before it was asked."""

class IndexError(HappyError):
    """The index cannot be read or written."""

class InternalError(HappyError):
    """A fault of `happy` itself; please report it."""

class RepositoryError(HappyError):
    """The path is no repository, or Git's side of it cannot be read or is not to be trusted."""

class SymbolNotFound(HappyError):
    """Nothing bears that name. Attributes: `symbol` (what was asked for), `suggestions` (the nearest names)."""

    symbol: str
    suggestions: list[str]

class UsageError(HappyError):
    """An argument has a value that makes no sense."""

class BusyError(IndexError):
    """Another process wrote the index for all of the time allowed; try again."""

class HappyWarning(UserWarning):
    """The answer is right, and there is something to know about it."""

class RevisionNotFound(RepositoryError):
    """The revision is unknown or ambiguous."""

INDEX_FORMAT: Final[int]
__version__: Final[str]

@final
class Callee:
    """
    A call site inside what was asked for; the symbol is who is called
    """

    __match_args__: Final[tuple[str, ...]]
    type: Final[str]

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __new__(
        cls,
        /,
        symbol: str,
        kind: str,
        name: str,
        path: str | None,
        line: int | None,
        end_line: int | None,
        signature: str | None,
        caller: str,
        source: str,
        depth: int,
        site_path: str,
        site_line: int,
        site_column: int,
        confidence: str,
    ) -> Self:
        """
        Every field, in the order in which they are listed
        """

    def __reduce__(self, /) -> tuple[builtins.type[Self], tuple[Any, ...]]: ...
    def __repr__(self, /) -> str: ...
    @property
    def caller(self, /) -> str:
        """
        Who calls it, directly
        """

    @property
    def confidence(self, /) -> str:
        """
        How the edge was found: `exact` or `inferred`
        """

    @property
    def depth(self, /) -> int:
        """
        Calls between source and callee: 1 for a direct one
        """

    @property
    def end_line(self, /) -> int | None:
        """
        The last line
        """

    @property
    def kind(self, /) -> str:
        """
        `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        """

    @property
    def line(self, /) -> int | None:
        """
        Line of the name, from 1; 1 for a file
        """

    @property
    def name(self, /) -> str:
        """
        The name alone
        """

    @property
    def path(self, /) -> str | None:
        """
        The file, from the root of the repository; `None` outside of it
        """

    @property
    def signature(self, /) -> str | None:
        """
        The signature, on one line
        """

    @property
    def site_column(self, /) -> int:
        """
        The column of the site, in bytes, from 1
        """

    @property
    def site_line(self, /) -> int:
        """
        The line of the site, from 1
        """

    @property
    def site_path(self, /) -> str:
        """
        The file of the site
        """

    @property
    def source(self, /) -> str:
        """
        Which of the symbols that were asked for this answers
        """

    @property
    def symbol(self, /) -> str:
        """
        Stable name, `path::Container.name`: every question accepts it
        """

    def to_dict(self, /) -> dict[str, Any]:
        """
        The record as the dictionary that the command prints as JSON
        """

@final
class Caller:
    """
    A call site that reaches what was asked for; the symbol is who calls
    """

    __match_args__: Final[tuple[str, ...]]
    type: Final[str]

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __new__(
        cls,
        /,
        symbol: str,
        kind: str,
        name: str,
        path: str | None,
        line: int | None,
        end_line: int | None,
        signature: str | None,
        calls: str,
        target: str,
        depth: int,
        site_path: str,
        site_line: int,
        site_column: int,
        confidence: str,
    ) -> Self:
        """
        Every field, in the order in which they are listed
        """

    def __reduce__(self, /) -> tuple[builtins.type[Self], tuple[Any, ...]]: ...
    def __repr__(self, /) -> str: ...
    @property
    def calls(self, /) -> str:
        """
        What it calls, directly
        """

    @property
    def confidence(self, /) -> str:
        """
        How the edge was found: `exact` or `inferred`
        """

    @property
    def depth(self, /) -> int:
        """
        Calls between caller and target: 1 for a direct one
        """

    @property
    def end_line(self, /) -> int | None:
        """
        The last line
        """

    @property
    def kind(self, /) -> str:
        """
        `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        """

    @property
    def line(self, /) -> int | None:
        """
        Line of the name, from 1; 1 for a file
        """

    @property
    def name(self, /) -> str:
        """
        The name alone
        """

    @property
    def path(self, /) -> str | None:
        """
        The file, from the root of the repository; `None` outside of it
        """

    @property
    def signature(self, /) -> str | None:
        """
        The signature, on one line
        """

    @property
    def site_column(self, /) -> int:
        """
        The column of the site, in bytes, from 1
        """

    @property
    def site_line(self, /) -> int:
        """
        The line of the site, from 1
        """

    @property
    def site_path(self, /) -> str:
        """
        The file of the site
        """

    @property
    def symbol(self, /) -> str:
        """
        Stable name, `path::Container.name`: every question accepts it
        """

    @property
    def target(self, /) -> str:
        """
        Which of the symbols that were asked for this answers
        """

    def to_dict(self, /) -> dict[str, Any]:
        """
        The record as the dictionary that the command prints as JSON
        """

@final
class Dependency:
    """
    Something that is depended on, or that depends
    """

    __match_args__: Final[tuple[str, ...]]
    type: Final[str]

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __new__(
        cls,
        /,
        symbol: str,
        kind: str,
        name: str,
        path: str | None,
        line: int | None,
        end_line: int | None,
        signature: str | None,
        of: str,
        edge: str,
        depth: int,
        site_path: str,
        site_line: int,
        site_column: int,
        confidence: str,
    ) -> Self:
        """
        Every field, in the order in which they are listed
        """

    def __reduce__(self, /) -> tuple[builtins.type[Self], tuple[Any, ...]]: ...
    def __repr__(self, /) -> str: ...
    @property
    def confidence(self, /) -> str:
        """
        How the edge was found: `exact` or `inferred`; of several, the surest is given
        """

    @property
    def depth(self, /) -> int:
        """
        Steps from what was asked for
        """

    @property
    def edge(self, /) -> str:
        """
        `imports`, `calls`, `references` or `implements`
        """

    @property
    def end_line(self, /) -> int | None:
        """
        The last line
        """

    @property
    def kind(self, /) -> str:
        """
        `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        """

    @property
    def line(self, /) -> int | None:
        """
        Line of the name, from 1; 1 for a file
        """

    @property
    def name(self, /) -> str:
        """
        The name alone
        """

    @property
    def of(self, /) -> str:
        """
        The other end: what was asked for, or what lies between
        """

    @property
    def path(self, /) -> str | None:
        """
        The file, from the root of the repository; `None` outside of it
        """

    @property
    def signature(self, /) -> str | None:
        """
        The signature, on one line
        """

    @property
    def site_column(self, /) -> int:
        """
        The column of the site, in bytes, from 1
        """

    @property
    def site_line(self, /) -> int:
        """
        The line of the site, from 1
        """

    @property
    def site_path(self, /) -> str:
        """
        The file of the site
        """

    @property
    def symbol(self, /) -> str:
        """
        Stable name, `path::Container.name`: every question accepts it
        """

    def to_dict(self, /) -> dict[str, Any]:
        """
        The record as the dictionary that the command prints as JSON
        """

@final
class Edge:
    """
    An edge of the graph
    """

    __match_args__: Final[tuple[str, ...]]
    type: Final[str]

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __new__(
        cls,
        /,
        kind: str,
        confidence: str,
        source: str,
        source_path: str,
        source_line: int,
        target: str,
        target_path: str | None,
        target_line: int | None,
        path: str,
        line: int,
        column: int,
    ) -> Self:
        """
        Every field, in the order in which they are listed
        """

    def __reduce__(self, /) -> tuple[builtins.type[Self], tuple[Any, ...]]: ...
    def __repr__(self, /) -> str: ...
    @property
    def column(self, /) -> int:
        """
        Column of the site, in bytes
        """

    @property
    def confidence(self, /) -> str:
        """
        How the edge was found: `exact` or `inferred`
        """

    @property
    def kind(self, /) -> str:
        """
        `defines`, `calls`, `imports`, `implements`, `references` or `overrides`
        """

    @property
    def line(self, /) -> int:
        """
        Line of the site
        """

    @property
    def path(self, /) -> str:
        """
        The file of the site
        """

    @property
    def source(self, /) -> str:
        """
        The symbol it starts at
        """

    @property
    def source_line(self, /) -> int:
        """
        Line of its name; 0 for a file's top level
        """

    @property
    def source_path(self, /) -> str:
        """
        Its file
        """

    @property
    def target(self, /) -> str:
        """
        The symbol it leads to
        """

    @property
    def target_line(self, /) -> int | None:
        """
        Line of its name; 0 for a file
        """

    @property
    def target_path(self, /) -> str | None:
        """
        Its file; `None` for an external symbol
        """

    def to_dict(self, /) -> dict[str, Any]:
        """
        The record as the dictionary that the command prints as JSON
        """

class HappyRepo:
    """
    The code of a Git repository, to be asked

    `HappyRepo(path)` answers for the working tree as it is when it is opened,
    uncommitted edits included; `HappyRepo(path, at="v1.2")` for a revision.
    What is not indexed yet is indexed first. `refresh()` looks again.

    A symbol is given as `name`, `Class.name`, `path::Class.name`, a path, or
    `path:line`; as an object that an answer held; or as a list of these. A
    name that means several symbols means all of them: each record says which
    one it answers.

    One object may be asked by many threads at once, and refreshed meanwhile:
    who is being answered keeps the state that was asked.

    Raises `RepositoryError` where the path is no repository, `RevisionNotFound`
    for an unknown revision, `BusyError` where another process writes the index
    for longer than `lock_timeout` seconds, and `IndexError` where the index can
    neither be read nor written.
    """

    def __bool__(self, /) -> bool:
        """
        A repository is true, even an empty one
        """

    def __len__(self, /) -> int:
        """
        The number of symbols, files included
        """

    def __new__(
        cls,
        /,
        path: str | bytes | os.PathLike[str] | None = None,
        at: str | None = None,
        *,
        index_dir: str | bytes | os.PathLike[str] | None = None,
        lock_timeout: int = 600,
    ) -> Self: ...
    def __repr__(self, /) -> str: ...
    @property
    def at(self, /) -> str | None:
        """
        The revision that was asked for, or `None` for the working tree
        """

    @property
    def built(self, /) -> bool:
        """
        Whether the index had to be built when this state was opened
        """

    def close(self, /) -> None:
        """
        Let go of the index; every later question raises `ClosedError`

        Closing twice is no error.
        """

    @property
    def closed(self, /) -> bool:
        """
        Whether it was closed
        """

    @property
    def directory(self, /) -> str:
        """
        The folder that was opened, as an absolute path
        """

    def edges(self, /, kind: str | Sequence[str] | None = None) -> list[Edge]:
        """
        List the edges of the graph: `happy graph`

        `kind` is one of `defines`, `calls`, `imports`, `implements`,
        `references` and `overrides`, or a list of them; without it, all.
        """

    def find_callees(
        self,
        /,
        symbol: Symbols,
        transitive: bool = False,
        depth: int | None = None,
        all: bool = False,
        exact: bool = False,
    ) -> list[Callee]:
        """
        List what a symbol calls: `happy callees`

        Each record is one call site, nearest first; symbols outside the
        repository are listed too, as `pypi:requests::get`. The arguments are
        those of `find_callers`.

        Raises `SymbolNotFound`, with suggestions, where nothing bears the name.
        """

    def find_callers(
        self,
        /,
        symbol: Symbols,
        transitive: bool = False,
        depth: int | None = None,
        all: bool = False,
        exact: bool = False,
    ) -> list[Caller | Unresolved]:
        """
        List who calls a symbol: `happy callers`

        Each record is one call site, nearest first. With `transitive`, through
        others too, at most `depth` calls away. `exact` keeps what scope, import
        or declared type decides; `all` adds, as `Unresolved`, the call sites
        that bear the name and could not be decided. Without it `undecided`
        counts them: an empty list alone does not mean that nobody calls.

        Raises `SymbolNotFound`, with suggestions, where nothing bears the name.
        """

    def get_dependencies(
        self, /, path_or_symbol: Symbols, reverse: bool = False, transitive: bool = False
    ) -> list[Dependency]:
        """
        List what a file, a module or a symbol depends on: `happy deps`

        A file depends on the files (and external packages) that it imports,
        calls or extends something of; a symbol depends on symbols. With
        `reverse`, what depends on it; with `transitive`, through others too.

        Raises `SymbolNotFound`, with suggestions, where nothing bears the name.
        """

    def impact(
        self, /, range: str | None = None, tests: bool = False, all: bool = False
    ) -> list[Touched | Impacted]:
        """
        Show what a change reaches: `happy impact`

        A change is what the working tree has that HEAD has not; or, with a
        range, what one revision has that another has not, or what one revision
        changed. Of a repository that was opened at a revision it is what that
        revision changed. First the symbols that it touches, then whoever
        depends on them, nearest first, each with the chain that leads to it;
        with `tests`, only the tests among them. `all` adds what may depend.

        It looks at the repository as it is now, not as it was opened.
        """

    def path_between(self, /, start: Symbols, end: Symbols) -> list[Step]:
        """
        Find a shortest chain of calls between two symbols: `happy path`

        The steps in order, the start first; empty where there is no chain.
        """

    def references(self, /, symbol: Symbols) -> list[Reference]:
        """
        List where a symbol is mentioned: `happy refs`

        Calls, other mentions, imports, bases and overriding members, each place
        once, with the symbol that it stands in.
        """

    def refresh(self, /) -> bool:
        """
        Look at the repository again

        Returns whether anything changed. Who is being answered keeps the state
        that was asked.
        """

    @property
    def revision(self, /) -> str:
        """
        What is looked at: a commit's short id, or `worktree`
        """

    def search(
        self,
        /,
        query: str | None = None,
        *,
        like: Symbols | None = None,
        kind: str | Sequence[str] | None = None,
        lang: str | Sequence[str] | None = None,
        path: str | bytes | os.PathLike[str] | None = None,
        within: Symbols | None = None,
        tests: bool = False,
        limit: int | None = None,
        group: Literal["file"] | None = None,
        explain: bool = False,
    ) -> list[Hit]:
        """
        Search by meaning, words and structure: `happy search`

        The best `limit` symbols, best first. `query` is words, a question or a
        name; `like` asks for what is similar to a symbol instead. `kind`,
        `lang` and `path` narrow the search, `within` keeps what stands inside a
        symbol. `tests` ranks tests like other code. `group="file"` gives one
        hit for each file; `explain` says what each signal gave.

        Raises `UsageError` for an empty query.
        """

    def show(self, /, symbol: Symbols) -> list[Source]:
        """
        Read the source of a symbol: `happy show`

        One record for each symbol that is meant; what stands outside the
        repository has no source here and is left out.
        """

    def symbols(
        self,
        /,
        pattern: str | bytes | os.PathLike[str] | None = None,
        kind: str | Sequence[str] | None = None,
        lang: str | Sequence[str] | None = None,
        path: str | bytes | os.PathLike[str] | None = None,
    ) -> list[Symbol]:
        """
        List symbols, of a file or by pattern: `happy symbols`

        `pattern` is a file, a folder, or a pattern on the qualified name: with
        `*` and `?`, or a part of it. `kind` and `lang` are a word or a list of
        words; `path` keeps what stands below it.

        Raises `UsageError` for a kind or a language that there is not.
        """

    def undecided(self, /, symbol: Symbols) -> int:
        """
        Count the call sites that bear a symbol's name and could not be decided

        Where it is not 0, `find_callers` may lack callers; with `all=True` it
        lists these sites.
        """

    @property
    def warnings(self, /) -> list[str]:
        """
        What is to be known of this state: parts that cannot be read, damage
        """
    callees = find_callees
    callers = find_callers
    deps = get_dependencies
    graph = edges
    path = path_between
    refs = references

@final
class Hit:
    """
    A symbol that a search found
    """

    __match_args__: Final[tuple[str, ...]]
    type: Final[str]

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __new__(
        cls,
        /,
        symbol: str,
        kind: str,
        name: str,
        path: str | None,
        line: int | None,
        end_line: int | None,
        signature: str | None,
        rank: int,
        score: float,
        doc: str | None,
        others: list[str],
        shares: dict[str, float] | None,
        embedder: str,
    ) -> Self:
        """
        Every field, in the order in which they are listed
        """

    def __reduce__(self, /) -> tuple[builtins.type[Self], tuple[Any, ...]]: ...
    def __repr__(self, /) -> str: ...
    @property
    def doc(self, /) -> str | None:
        """
        The first line of its doc comment
        """

    @property
    def embedder(self, /) -> str:
        """
        What turned texts into vectors
        """

    @property
    def end_line(self, /) -> int | None:
        """
        The last line
        """

    @property
    def kind(self, /) -> str:
        """
        `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        """

    @property
    def line(self, /) -> int | None:
        """
        Line of the name, from 1; 1 for a file
        """

    @property
    def name(self, /) -> str:
        """
        The name alone
        """

    @property
    def others(self, /) -> list[str]:
        """
        With `group="file"`: other symbols of the file, best first
        """

    @property
    def path(self, /) -> str | None:
        """
        The file, from the root of the repository; `None` outside of it
        """

    @property
    def rank(self, /) -> int:
        """
        Its place in the answer, from 1
        """

    @property
    def score(self, /) -> float:
        """
        How good it is; comparable within one answer only
        """

    @property
    def shares(self, /) -> dict[str, float] | None:
        """
        With `explain=True`: what each signal gave
        """

    @property
    def signature(self, /) -> str | None:
        """
        The signature, on one line
        """

    @property
    def symbol(self, /) -> str:
        """
        Stable name, `path::Container.name`: every question accepts it
        """

    def to_dict(self, /) -> dict[str, Any]:
        """
        The record as the dictionary that the command prints as JSON
        """

@final
class Impacted:
    """
    A symbol that a change reaches
    """

    __match_args__: Final[tuple[str, ...]]
    type: Final[str]

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __new__(
        cls,
        /,
        symbol: str,
        kind: str,
        name: str,
        path: str | None,
        line: int | None,
        end_line: int | None,
        signature: str | None,
        test: bool,
        depth: int,
        distance: float,
        of: str,
        edge: str,
        site_path: str | None,
        site_line: int | None,
        site_column: int | None,
        confidence: str,
        chain: list[str],
    ) -> Self:
        """
        Every field, in the order in which they are listed
        """

    def __reduce__(self, /) -> tuple[builtins.type[Self], tuple[Any, ...]]: ...
    def __repr__(self, /) -> str: ...
    @property
    def chain(self, /) -> list[str]:
        """
        From the symbol to the touched one, both included
        """

    @property
    def confidence(self, /) -> str:
        """
        How the edge was found: `exact`, `inferred` or `name`
        """

    @property
    def depth(self, /) -> int:
        """
        Steps from the touched symbol; 0 for a touched test
        """

    @property
    def distance(self, /) -> float:
        """
        How far that is: a plain call is 1, a step that is less sure is more
        """

    @property
    def edge(self, /) -> str:
        """
        How it depends on the next symbol of the chain
        """

    @property
    def end_line(self, /) -> int | None:
        """
        The last line
        """

    @property
    def kind(self, /) -> str:
        """
        `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        """

    @property
    def line(self, /) -> int | None:
        """
        Line of the name, from 1; 1 for a file
        """

    @property
    def name(self, /) -> str:
        """
        The name alone
        """

    @property
    def of(self, /) -> str:
        """
        The touched symbol
        """

    @property
    def path(self, /) -> str | None:
        """
        The file, from the root of the repository; `None` outside of it
        """

    @property
    def signature(self, /) -> str | None:
        """
        The signature, on one line
        """

    @property
    def site_column(self, /) -> int | None:
        """
        The column of the site, in bytes, from 1
        """

    @property
    def site_line(self, /) -> int | None:
        """
        The line of the site, from 1
        """

    @property
    def site_path(self, /) -> str | None:
        """
        The file of the site, if there is one
        """

    @property
    def symbol(self, /) -> str:
        """
        Stable name, `path::Container.name`: every question accepts it
        """

    @property
    def test(self, /) -> bool:
        """
        Whether it is a test
        """

    def to_dict(self, /) -> dict[str, Any]:
        """
        The record as the dictionary that the command prints as JSON
        """

@final
class Reference:
    """
    A mention of a symbol; the symbol is where it stands
    """

    __match_args__: Final[tuple[str, ...]]
    type: Final[str]

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __new__(
        cls,
        /,
        symbol: str,
        kind: str,
        name: str,
        path: str | None,
        line: int | None,
        end_line: int | None,
        signature: str | None,
        target: str,
        edge: str,
        site_path: str,
        site_line: int,
        site_column: int,
        confidence: str,
    ) -> Self:
        """
        Every field, in the order in which they are listed
        """

    def __reduce__(self, /) -> tuple[builtins.type[Self], tuple[Any, ...]]: ...
    def __repr__(self, /) -> str: ...
    @property
    def confidence(self, /) -> str:
        """
        How the edge was found: `exact` or `inferred`
        """

    @property
    def edge(self, /) -> str:
        """
        `calls`, `references`, `imports`, `implements` or `overrides`
        """

    @property
    def end_line(self, /) -> int | None:
        """
        The last line
        """

    @property
    def kind(self, /) -> str:
        """
        `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        """

    @property
    def line(self, /) -> int | None:
        """
        Line of the name, from 1; 1 for a file
        """

    @property
    def name(self, /) -> str:
        """
        The name alone
        """

    @property
    def path(self, /) -> str | None:
        """
        The file, from the root of the repository; `None` outside of it
        """

    @property
    def signature(self, /) -> str | None:
        """
        The signature, on one line
        """

    @property
    def site_column(self, /) -> int:
        """
        The column of the site, in bytes, from 1
        """

    @property
    def site_line(self, /) -> int:
        """
        The line of the site, from 1
        """

    @property
    def site_path(self, /) -> str:
        """
        The file of the site
        """

    @property
    def symbol(self, /) -> str:
        """
        Stable name, `path::Container.name`: every question accepts it
        """

    @property
    def target(self, /) -> str:
        """
        The symbol that is mentioned
        """

    def to_dict(self, /) -> dict[str, Any]:
        """
        The record as the dictionary that the command prints as JSON
        """

@final
class Source:
    """
    The source of a symbol, in whole lines
    """

    __match_args__: Final[tuple[str, ...]]
    type: Final[str]

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __new__(
        cls,
        /,
        symbol: str,
        kind: str,
        name: str,
        path: str | None,
        line: int | None,
        end_line: int | None,
        signature: str | None,
        start_line: int,
        text: str,
    ) -> Self:
        """
        Every field, in the order in which they are listed
        """

    def __reduce__(self, /) -> tuple[builtins.type[Self], tuple[Any, ...]]: ...
    def __repr__(self, /) -> str: ...
    @property
    def end_line(self, /) -> int | None:
        """
        The last line
        """

    @property
    def kind(self, /) -> str:
        """
        `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        """

    @property
    def line(self, /) -> int | None:
        """
        Line of the name, from 1; 1 for a file
        """

    @property
    def name(self, /) -> str:
        """
        The name alone
        """

    @property
    def path(self, /) -> str | None:
        """
        The file, from the root of the repository; `None` outside of it
        """

    @property
    def signature(self, /) -> str | None:
        """
        The signature, on one line
        """

    @property
    def start_line(self, /) -> int:
        """
        The first line of the text
        """

    @property
    def symbol(self, /) -> str:
        """
        Stable name, `path::Container.name`: every question accepts it
        """

    @property
    def text(self, /) -> str:
        """
        The text
        """

    def to_dict(self, /) -> dict[str, Any]:
        """
        The record as the dictionary that the command prints as JSON
        """

@final
class Step:
    """
    One call on a path
    """

    __match_args__: Final[tuple[str, ...]]
    type: Final[str]

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __new__(
        cls,
        /,
        index: int,
        symbol: str,
        kind: str,
        name: str,
        path: str | None,
        line: int | None,
        end_line: int | None,
        signature: str | None,
        site_path: str | None,
        site_line: int | None,
        site_column: int | None,
        confidence: str | None,
    ) -> Self:
        """
        Every field, in the order in which they are listed
        """

    def __reduce__(self, /) -> tuple[builtins.type[Self], tuple[Any, ...]]: ...
    def __repr__(self, /) -> str: ...
    @property
    def confidence(self, /) -> str | None:
        """
        How the edge was found; `None` at the start
        """

    @property
    def end_line(self, /) -> int | None:
        """
        The last line
        """

    @property
    def index(self, /) -> int:
        """
        Which call, from 1; 0 is the start
        """

    @property
    def kind(self, /) -> str:
        """
        `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        """

    @property
    def line(self, /) -> int | None:
        """
        Line of the name, from 1; 1 for a file
        """

    @property
    def name(self, /) -> str:
        """
        The name alone
        """

    @property
    def path(self, /) -> str | None:
        """
        The file, from the root of the repository; `None` outside of it
        """

    @property
    def signature(self, /) -> str | None:
        """
        The signature, on one line
        """

    @property
    def site_column(self, /) -> int | None:
        """
        The column of the site, in bytes, from 1
        """

    @property
    def site_line(self, /) -> int | None:
        """
        The line of the site, from 1
        """

    @property
    def site_path(self, /) -> str | None:
        """
        The file of the site, if there is one
        """

    @property
    def symbol(self, /) -> str:
        """
        Stable name, `path::Container.name`: every question accepts it
        """

    def to_dict(self, /) -> dict[str, Any]:
        """
        The record as the dictionary that the command prints as JSON
        """

@final
class Symbol:
    """
    A symbol of the repository
    """

    __match_args__: Final[tuple[str, ...]]
    type: Final[str]

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __new__(
        cls,
        /,
        symbol: str,
        kind: str,
        name: str,
        path: str | None,
        line: int | None,
        end_line: int | None,
        signature: str | None,
        doc: str | None,
    ) -> Self:
        """
        Every field, in the order in which they are listed
        """

    def __reduce__(self, /) -> tuple[builtins.type[Self], tuple[Any, ...]]: ...
    def __repr__(self, /) -> str: ...
    @property
    def doc(self, /) -> str | None:
        """
        The first lines of its doc comment
        """

    @property
    def end_line(self, /) -> int | None:
        """
        The last line
        """

    @property
    def kind(self, /) -> str:
        """
        `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        """

    @property
    def line(self, /) -> int | None:
        """
        Line of the name, from 1; 1 for a file
        """

    @property
    def name(self, /) -> str:
        """
        The name alone
        """

    @property
    def path(self, /) -> str | None:
        """
        The file, from the root of the repository; `None` outside of it
        """

    @property
    def signature(self, /) -> str | None:
        """
        The signature, on one line
        """

    @property
    def symbol(self, /) -> str:
        """
        Stable name, `path::Container.name`: every question accepts it
        """

    def to_dict(self, /) -> dict[str, Any]:
        """
        The record as the dictionary that the command prints as JSON
        """

@final
class Touched:
    """
    A symbol that a change touches
    """

    __match_args__: Final[tuple[str, ...]]
    type: Final[str]

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __new__(
        cls,
        /,
        symbol: str,
        kind: str,
        name: str,
        path: str | None,
        line: int | None,
        end_line: int | None,
        signature: str | None,
        change: str,
    ) -> Self:
        """
        Every field, in the order in which they are listed
        """

    def __reduce__(self, /) -> tuple[builtins.type[Self], tuple[Any, ...]]: ...
    def __repr__(self, /) -> str: ...
    @property
    def change(self, /) -> str:
        """
        `modified`, `added` or `deleted`
        """

    @property
    def end_line(self, /) -> int | None:
        """
        The last line
        """

    @property
    def kind(self, /) -> str:
        """
        `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        """

    @property
    def line(self, /) -> int | None:
        """
        Line of the name, from 1; 1 for a file
        """

    @property
    def name(self, /) -> str:
        """
        The name alone
        """

    @property
    def path(self, /) -> str | None:
        """
        The file, from the root of the repository; `None` outside of it
        """

    @property
    def signature(self, /) -> str | None:
        """
        The signature, on one line
        """

    @property
    def symbol(self, /) -> str:
        """
        Stable name, `path::Container.name`: every question accepts it
        """

    def to_dict(self, /) -> dict[str, Any]:
        """
        The record as the dictionary that the command prints as JSON
        """

@final
class Unresolved:
    """
    A call site that bears the name asked for and could not be decided
    """

    __match_args__: Final[tuple[str, ...]]
    type: Final[str]

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __new__(
        cls,
        /,
        symbol: str,
        name: str,
        site_path: str,
        site_line: int,
        site_column: int,
        reason: str,
        confidence: str,
    ) -> Self:
        """
        Every field, in the order in which they are listed
        """

    def __reduce__(self, /) -> tuple[builtins.type[Self], tuple[Any, ...]]: ...
    def __repr__(self, /) -> str: ...
    @property
    def confidence(self, /) -> str:
        """
        Always `name`
        """

    @property
    def name(self, /) -> str:
        """
        The name that is called
        """

    @property
    def reason(self, /) -> str:
        """
        Why: `unknown_receiver`, `unknown_name`, `no_such_member` or `too_many_targets`
        """

    @property
    def site_column(self, /) -> int:
        """
        The column of the site, in bytes, from 1
        """

    @property
    def site_line(self, /) -> int:
        """
        The line of the site, from 1
        """

    @property
    def site_path(self, /) -> str:
        """
        The file of the site
        """

    @property
    def symbol(self, /) -> str:
        """
        The symbol that the site stands in
        """

    def to_dict(self, /) -> dict[str, Any]:
        """
        The record as the dictionary that the command prints as JSON
        """
