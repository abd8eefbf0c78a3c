"""What stands around one symbol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import drawing

if TYPE_CHECKING:
    import happy_core
    from happy_core import Symbols


@dataclass(frozen=True)
class Neighbourhood:
    """Who calls a symbol and what it calls, directly, each symbol once.

    `callers` and `callees` are in the order of the answers; `undecided` counts
    the call sites that bear the symbol's name and could not be decided.
    """

    symbol: str
    callers: tuple[str, ...]
    callees: tuple[str, ...]
    undecided: int

    @classmethod
    def of(cls, repo: happy_core.HappyRepo, symbol: Symbols) -> Neighbourhood:
        """Of a symbol in a repository."""
        calling = repo.find_callers(symbol)
        called = repo.find_callees(symbol)
        means = dict.fromkeys(found.symbol for found in repo.show(symbol))
        return cls(
            symbol=", ".join(means) or str(getattr(symbol, "symbol", symbol)),
            callers=tuple(dict.fromkeys(record.symbol for record in calling)),
            callees=tuple(dict.fromkeys(record.symbol for record in called)),
            undecided=repo.undecided(symbol),
        )

    def _repr_html_(self) -> str:
        """Drawn: callers on the left, callees on the right."""
        note = f"{self.undecided} more call sites of this name are undecided"
        return drawing.star(self.symbol, self.callers, self.callees, note if self.undecided else "")
