"""Counts nodes and edges of an export with a reader that nobody here wrote.

usage: graph_counts.py graphml|json|csv FILE
"""

import collections
import csv
import json
import sys

import networkx

kind, file = sys.argv[1:]
if kind == "graphml":
    graph = networkx.read_graphml(file, force_multigraph=True)
elif kind == "json":
    with open(file, encoding="utf-8") as lines:
        graph = networkx.node_link_graph(json.load(lines), edges="edges")
else:
    graph = networkx.MultiDiGraph()
    with open(file, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, strict=True):
            assert None not in row and None not in row.values(), row
            if row["type"] == "node":
                graph.add_node(row["symbol"], kind=row["kind"], symbol=row["symbol"])
            else:
                assert row["symbol"] in graph and row["target"] in graph, row
                graph.add_edge(row["symbol"], row["target"], kind=row["kind"], sites=row["sites"])
assert graph.is_directed()
kinds = collections.Counter(data["kind"] for _, _, data in graph.edges(data=True))
sites = sum(int(data["sites"]) for _, _, data in graph.edges(data=True))
symbols = sorted(data["symbol"] for _, data in graph.nodes(data=True))
print(json.dumps({
    "nodes": graph.number_of_nodes(), "edges": graph.number_of_edges(),
    "kinds": kinds, "sites": sites, "symbols": symbols,
}))
