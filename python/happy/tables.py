"""Answers as tables of pandas, where that is installed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas


class Record(Protocol):
    """What every object of an answer can do."""

    __match_args__: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The record as the dictionary that the command prints as JSON."""


def to_pandas(records: Iterable[Any]) -> pandas.DataFrame:
    """Records as a table: one row each, one column for each field.

    Columns stand in the order of the fields; where records of several classes
    are mixed, a column `type` says which, and what a class has not is missing.
    Lines and columns are counted from 1. An answer without records gives a
    table without columns.

    Raises ImportError where pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            "pandas is not installed\nhint: pip install 'happyfastercode[pandas]'"
        ) from error
    rows = list(records)
    classes = {type(row) for row in rows}
    columns: list[str] = ["type"] if len(classes) > 1 else []
    for row in rows:
        columns.extend(name for name in row.__match_args__ if name not in columns)
        if len(classes) == 1:
            break
    cells = [[getattr(row, name, None) for name in columns] for row in rows]
    return pandas.DataFrame(cells, columns=columns)
