"""Small drawings for notebooks: plain HTML and SVG, no script, all text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["escape", "star", "table"]

#: Most neighbours that are drawn on one side.
MOST = 12
#: Sizes in pixels: a row, a column, the space between columns.
ROW, COLUMN, GAP = 22, 230, 60
#: Characters of a name that fit into a column.
FIT = 34


def table(title: str, rows: Iterable[tuple[str, int]]) -> str:
    """Names and counts."""
    cells = "".join(
        f"<tr><td>{escape(name)}</td><td style='text-align:right'>{count}</td></tr>"
        for name, count in rows
    )
    return f"<table><caption>{escape(title)}</caption>{cells}</table>"


def star(middle: str, left: Sequence[str], right: Sequence[str], note: str = "") -> str:
    """One name, those that lead to it and those that it leads to."""
    sides = [shown(left), shown(right)]
    height = ROW * (max(1, *(len(side) for side in sides)) + 2)
    centre = height // 2
    width = 3 * COLUMN + 2 * GAP
    parts = [box(COLUMN + GAP, centre, middle, "middle")]
    for side, names in enumerate(sides):
        x = 0 if side == 0 else 2 * (COLUMN + GAP)
        start = centre - ROW * (len(names) - 1) // 2
        for at, name in enumerate(names):
            y = start + at * ROW
            edge = COLUMN if side == 0 else 2 * COLUMN + GAP
            ends = (y, centre) if side == 0 else (centre, y)
            parts.append(curve(edge, *ends))
            parts.append(box(x, y, name, "end" if side == 0 else "start"))
    if note:
        parts.append(f"<text x='{COLUMN + GAP}' y='{height - 6}' fill='gray'>{escape(note)}</text>")
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' "
        f"width='{width}' height='{height}' font-family='monospace' font-size='11' "
        f"role='img' aria-label='{escape(middle, quote=True)}'>{''.join(parts)}</svg>"
    )


def shown(names: Sequence[str]) -> list[str]:
    """As many as fit, and how many more there are."""
    if len(names) <= MOST:
        return list(names)
    return [*names[: MOST - 1], f"and {len(names) - MOST + 1} more"]


def box(x: int, y: int, name: str, anchor: str) -> str:
    """A name in a column, its path in what pops up."""
    at = {"start": x, "middle": x + COLUMN // 2, "end": x + COLUMN}[anchor]
    short = name.rpartition("::")[2]
    if len(short) > FIT:
        short = short[: FIT - 1] + "…"
    weight = " font-weight='bold'" if anchor == "middle" else ""
    return (
        f"<text x='{at}' y='{y + 4}' text-anchor='{anchor}' fill='currentColor'{weight}>"
        f"<title>{escape(name)}</title>{escape(short)}</text>"
    )


def curve(x: int, start: int, end: int) -> str:
    """A line from one column to the next."""
    first, last, half = x + 6, x + GAP - 6, x + GAP // 2
    path = f"M{first},{start} C{half},{start} {half},{end} {last},{end}"
    return f"<path d='{path}' fill='none' stroke='gray'/>"
