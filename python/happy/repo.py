"""A repository, as a notebook wants it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import happy_core

from . import drawing, networks, tables
from .neighbourhood import Neighbourhood

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    import networkx
    import pandas
    from typing_extensions import Self

    from happy_core import Symbols


class HappyRepo(happy_core.HappyRepo):
    """The code of a Git repository, to be asked.

    All of `happy_core.HappyRepo`, and: a context manager that closes it;
    iteration over its symbols, by file and place; `to_networkx` and
    `to_pandas`; and a drawing where a notebook shows it.
    """

    def __enter__(self) -> Self:
        """The repository itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def __iter__(self) -> Iterator[happy_core.Symbol]:
        """Its symbols without the files, in the order of paths and places."""
        return iter(self.symbols())

    def neighbourhood(self, symbol: Symbols) -> Neighbourhood:
        """Who calls a symbol and what it calls, to be drawn in a notebook.

        Raises `SymbolNotFound`, with suggestions, where nothing bears the name.
        """
        return Neighbourhood.of(self, symbol)

    def to_networkx(self, kind: str | Sequence[str] | None = "calls") -> networkx.MultiDiGraph:
        """The graph as a `networkx.MultiDiGraph`.

        Nodes are all symbols, by their stable names, with the attributes `kind`,
        `name`, `path`, `line` and `end_line` (lines from 1); what stands outside
        the repository has `kind` and `name` alone. Edges are those of `kind`
        (`defines`, `calls`, `imports`, `implements`, `references`, `overrides`,
        a list of these, or `None` for all), with the attributes `kind`,
        `confidence`, and `path`, `line` and `column` of the site.

        Raises ImportError where networkx is not installed.
        """
        return networks.to_networkx(self, kind)

    def to_pandas(self) -> pandas.DataFrame:
        """Its symbols as a table, one row each; `happy.to_pandas` does answers.

        Raises ImportError where pandas is not installed.
        """
        return tables.to_pandas(self.symbols())

    def _repr_html_(self) -> str:
        """How much of what there is, and the surroundings of its busiest symbol."""
        if self.closed:
            return f"<p>{drawing.escape(repr(self))}</p>"
        kinds = Counter(symbol.kind for symbol in self)
        rows = sorted(kinds.items())
        parts = [drawing.table(f"{self.directory} at {self.revision}", rows)]
        calls = Counter(edge.target for edge in self.edges("calls") if edge.target_path is not None)
        if calls:
            # Of several that are called as often, the first by name.
            busiest = min(calls, key=lambda symbol: (-calls[symbol], symbol))
            parts.append(self.neighbourhood(busiest)._repr_html_())
        return "".join(parts)
