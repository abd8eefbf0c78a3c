//! A Mermaid flowchart, as code hosts and notebooks draw it.

use std::fmt::Write;

use super::model::{COLOURS, Graph, label};
use crate::cmd::context::Context;
use crate::record::Confidence;

/// Most edges, and most characters, that Mermaid draws unless told otherwise.
const MAX_EDGES: usize = 500;
const MAX_TEXT: usize = 50_000;

/// Writes the graph; warns where it is more than Mermaid draws.
pub fn write(context: &Context, graph: &Graph) -> String {
    let mut out = String::from("flowchart LR\n");
    // A bare `class` is a word of Mermaid's own.
    for (kind, colour) in COLOURS {
        if graph.nodes.iter().any(|node| node.symbol.kind == kind) {
            let _ = writeln!(
                out,
                "  classDef kind_{kind} fill:{colour},stroke:#555,color:#111"
            );
        }
    }
    for (place, node) in graph.nodes.iter().enumerate() {
        let text = escaped(&label(&node.symbol));
        let _ = writeln!(out, "  n{place}[\"{text}\"]:::kind_{}", node.symbol.kind);
    }
    for edge in &graph.edges {
        let arrow = match edge.confidence {
            Confidence::Exact => "-->",
            Confidence::Inferred | Confidence::Name => "-.->",
        };
        let _ = writeln!(
            out,
            "  n{} {arrow}|{}| n{}",
            edge.source, edge.kind, edge.target
        );
    }
    if graph.edges.len() > MAX_EDGES || out.len() > MAX_TEXT {
        context.warn(&format!(
            "Mermaid draws {MAX_EDGES} edges and {MAX_TEXT} characters unless it is configured; \
             this has {} edges and {} characters: name symbols, or choose kinds with `--edge`",
            graph.edges.len(),
            out.len()
        ));
    }
    out
}

/// Everything that could mean something to Mermaid as a numbered entity.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() || " ._-/:()".contains(c) {
            out.push(c);
        } else if c.is_control() {
            out.push('?');
        } else {
            let _ = write!(out, "#{};", c as u32);
        }
    }
    out
}
