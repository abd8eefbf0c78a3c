"""The graph of a repository as a graph of networkx, where that is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import networkx

    from .repo import HappyRepo


def to_networkx(
    repo: HappyRepo, kind: str | Sequence[str] | None = "calls"
) -> networkx.MultiDiGraph:
    """Symbols as nodes, edges of some kinds as edges; see `HappyRepo.to_networkx`."""
    try:
        import networkx
    except ImportError as error:
        raise ImportError(
            "networkx is not installed\nhint: pip install 'happyfastercode[networkx]'"
        ) from error
    graph = networkx.MultiDiGraph()
    kinds = ["file", "module", "class", "interface", "function", "method", "variable"]
    for symbol in repo.symbols(kind=kinds):
        graph.add_node(
            symbol.symbol,
            kind=symbol.kind,
            name=symbol.name,
            path=symbol.path,
            line=symbol.line,
            end_line=symbol.end_line,
        )
    for edge in repo.edges(kind):
        if edge.target not in graph:
            graph.add_node(edge.target, kind="external", name=edge.target)
        graph.add_edge(
            edge.source,
            edge.target,
            kind=edge.kind,
            confidence=edge.confidence,
            path=edge.path,
            line=edge.line,
            column=edge.column,
        )
    return graph
