//! For Graphviz.

use std::fmt::Write;

use super::model::{Graph, colour, label};
use crate::record::Confidence;

/// Writes the graph.
pub fn write(graph: &Graph) -> String {
    let mut out = String::from(
        "digraph happy {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", \
         fontname=\"Helvetica\", fontsize=11];\n  edge [fontname=\"Helvetica\", fontsize=9];\n",
    );
    for (place, node) in graph.nodes.iter().enumerate() {
        let symbol = &node.symbol;
        let _ = write!(
            out,
            "  n{place} [label={}, tooltip={}, kind={}, fillcolor={}",
            quoted(&label(symbol)),
            quoted(&symbol.symbol.lossy()),
            quoted(symbol.kind),
            quoted(colour(symbol.kind)),
        );
        if let (Some(path), Some(line)) = (&symbol.path, symbol.line) {
            let _ = write!(out, ", path={}, line={line}", quoted(&path.lossy()));
        }
        out.push_str("];\n");
    }
    for edge in &graph.edges {
        let style = match edge.confidence {
            Confidence::Exact => "solid",
            Confidence::Inferred => "dashed",
            Confidence::Name => "dotted",
        };
        let _ = writeln!(
            out,
            "  n{} -> n{} [label={}, kind={}, confidence={}, sites={}, style={style}];",
            edge.source,
            edge.target,
            quoted(edge.kind),
            quoted(edge.kind),
            quoted(edge.confidence.name()),
            edge.sites,
        );
    }
    out.push_str("}\n");
    out
}

/// A quoted text: in a label a backslash would begin an escape, and a line
/// break is one.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push('?'),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
