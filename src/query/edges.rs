//! Every edge of the graph.

use super::Result;
use super::names::{confidence, edge_name, symbol_text};
use crate::graph::EdgeKind;
use crate::index::Snapshot;
use crate::index::records::EdgeRec;
use crate::record::{Confidence, Record, Text};

/// The edges of `kinds`, in order.
pub fn edges(
    snapshot: &Snapshot,
    kinds: &[EdgeKind],
    mut emit: impl FnMut(Record) -> bool,
) -> Result<()> {
    each_edge(snapshot, kinds, |kind, edge| {
        Ok(emit(edge_record(snapshot, kind, edge)?))
    })
}

/// The edges of `kinds` as the index has them, in order, until `take` has
/// enough; that one symbol stands in another is an edge, too.
pub fn each_edge(
    snapshot: &Snapshot,
    kinds: &[EdgeKind],
    mut take: impl FnMut(EdgeKind, &EdgeRec) -> Result<bool>,
) -> Result<()> {
    for &kind in kinds {
        if kind == EdgeKind::Defines {
            for node in 0..snapshot.meta().symbols {
                let record = snapshot.symbol(node)?;
                if record.parent == node {
                    continue;
                }
                let edge = EdgeRec {
                    source: record.parent,
                    target: node,
                    file: record.file,
                    line: record.line,
                    column: record.column << 2,
                };
                if !take(kind, &edge)? {
                    return Ok(());
                }
            }
            continue;
        }
        for edge in snapshot.edges(kind)? {
            if !take(kind, edge)? {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// An edge as a record.
pub fn edge_record(snapshot: &Snapshot, kind: EdgeKind, edge: &EdgeRec) -> Result<Record> {
    let (source_path, source_line) = place(snapshot, edge.source)?;
    let target = if snapshot.is_external(edge.target) {
        None
    } else {
        Some(place(snapshot, edge.target)?)
    };
    Ok(Record::Edge {
        kind: edge_name(kind),
        confidence: if kind == EdgeKind::Defines {
            Confidence::Exact
        } else {
            confidence(edge)
        },
        source: Text(symbol_text(snapshot, edge.source)?),
        source_path,
        source_line,
        target: Text(symbol_text(snapshot, edge.target)?),
        target_path: target.as_ref().map(|(path, _)| path.clone()),
        target_line: target.map(|(_, line)| line),
        path: snapshot.text(snapshot.file(edge.file)?.path)?.into(),
        line: edge.line,
        column: edge.column >> 2,
    })
}

fn place(snapshot: &Snapshot, node: u32) -> Result<(Text, u32)> {
    let record = snapshot.symbol(node)?;
    Ok((
        snapshot.text(snapshot.file(record.file)?.path)?.into(),
        record.line,
    ))
}
