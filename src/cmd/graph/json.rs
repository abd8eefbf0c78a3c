//! One JSON document of nodes and edges, in the form that networkx calls
//! node-link data.

use serde_json::{Value, json};

use super::model::{Edge, Graph, Node};

/// Writes the graph.
pub fn write(graph: &Graph, revision: &str) -> String {
    let mut out = format!(
        "{{\"directed\":true,\"multigraph\":true,\"graph\":{},\n\"nodes\":[",
        json!({ "revision": revision })
    );
    let nodes = graph
        .nodes
        .iter()
        .enumerate()
        .map(|(at, item)| node(at, item));
    list(&mut out, nodes);
    out.push_str("],\n\"edges\":[");
    list(&mut out, graph.edges.iter().map(edge));
    out.push_str("]}\n");
    out
}

fn list(out: &mut String, values: impl Iterator<Item = Value>) {
    for (at, value) in values.enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.push_str(&value.to_string());
    }
}

fn node(place: usize, node: &Node) -> Value {
    let mut value = serde_json::to_value(&node.symbol).unwrap_or_default();
    value["id"] = json!(place);
    value
}

fn edge(edge: &Edge) -> Value {
    json!({
        "source": edge.source,
        "target": edge.target,
        "key": edge.kind,
        "kind": edge.kind,
        "confidence": edge.confidence.name(),
        "sites": edge.sites,
        "path": &edge.site.site_path,
        "line": edge.site.site_line,
        "column": edge.site.site_column,
    })
}
