//! GraphML, as networkx, Gephi, igraph and yEd read it.

use std::fmt::Write;

use super::model::Graph;

/// Keys of nodes and edges: name and type.
const NODE_KEYS: [(&str, &str); 6] = [
    ("symbol", "string"),
    ("kind", "string"),
    ("name", "string"),
    ("path", "string"),
    ("line", "int"),
    ("end_line", "int"),
];
const EDGE_KEYS: [(&str, &str); 5] = [
    ("kind", "string"),
    ("confidence", "string"),
    ("sites", "int"),
    ("path", "string"),
    ("line", "int"),
];

/// Writes the graph.
pub fn write(graph: &Graph) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n",
    );
    for (what, keys) in [("node", &NODE_KEYS[..]), ("edge", &EDGE_KEYS[..])] {
        for (name, kind) in keys {
            let _ = writeln!(
                out,
                "  <key id=\"{what}_{name}\" for=\"{what}\" attr.name=\"{name}\" attr.type=\"{kind}\"/>"
            );
        }
    }
    out.push_str("  <graph id=\"happy\" edgedefault=\"directed\">\n");
    for (place, node) in graph.nodes.iter().enumerate() {
        let symbol = &node.symbol;
        let _ = writeln!(out, "    <node id=\"n{place}\">");
        let mut data = |name: &str, value: &str| {
            let _ = writeln!(
                out,
                "      <data key=\"node_{name}\">{}</data>",
                escaped(value)
            );
        };
        data("symbol", &symbol.symbol.lossy());
        data("kind", symbol.kind);
        data("name", &symbol.name.lossy());
        if let Some(path) = &symbol.path {
            data("path", &path.lossy());
        }
        for (name, line) in [("line", symbol.line), ("end_line", symbol.end_line)] {
            if let Some(line) = line {
                data(name, &line.to_string());
            }
        }
        out.push_str("    </node>\n");
    }
    for (place, edge) in graph.edges.iter().enumerate() {
        let _ = writeln!(
            out,
            "    <edge id=\"e{place}\" source=\"n{}\" target=\"n{}\">",
            edge.source, edge.target
        );
        let mut data = |name: &str, value: &str| {
            let _ = writeln!(
                out,
                "      <data key=\"edge_{name}\">{}</data>",
                escaped(value)
            );
        };
        data("kind", edge.kind);
        data("confidence", edge.confidence.name());
        data("sites", &edge.sites.to_string());
        data("path", &edge.site.site_path.lossy());
        data("line", &edge.site.site_line.to_string());
        out.push_str("    </edge>\n");
    }
    out.push_str("  </graph>\n</graphml>\n");
    out
}

/// Text of an element; characters that XML cannot hold become `�`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' | '\n' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if (c as u32) < 0x20 => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
