//! What a file, a module or a symbol depends on, and what depends on it.

use std::collections::BTreeMap;

use petgraph::visit::VisitMap;

use super::Result;
use super::names::{confidence, edge_name, site, symbol, symbol_text};
use crate::graph::EdgeKind;
use crate::index::records::EdgeRec;
use crate::index::{Snapshot, Visited};
use crate::lang::DefKind;
use crate::record::{Confidence, Record, Text};

/// How to look.
#[derive(Clone, Copy, Debug, Default)]
pub struct DepOptions {
    /// What depends on it, instead.
    pub reverse: bool,
    /// Through others, too.
    pub transitive: bool,
}

/// Edges by which one file depends on another, the most telling first.
const KINDS: [EdgeKind; 4] = [
    EdgeKind::Imports,
    EdgeKind::Implements,
    EdgeKind::Calls,
    EdgeKind::References,
];

/// The dependencies of `nodes`. A file depends on files (and external
/// packages); a symbol depends on symbols.
pub fn deps(
    snapshot: &Snapshot,
    nodes: &[u32],
    options: DepOptions,
    mut emit: impl FnMut(Record) -> bool,
) -> Result<()> {
    for &node in nodes {
        let mut seen = Visited::new(snapshot.nodes());
        seen.visit(node);
        let mut level = vec![node];
        let mut depth = 0;
        while !level.is_empty() && (depth == 0 || options.transitive) {
            depth += 1;
            let mut next = Vec::new();
            for &from in &level {
                let of = Text(symbol_text(snapshot, from)?);
                for (other, (kind, edge)) in neighbours(snapshot, from, options.reverse)? {
                    if !seen.visit(other) {
                        continue;
                    }
                    let record = Record::Dependency {
                        symbol: symbol(snapshot, other)?,
                        of: of.clone(),
                        edge: edge_name(kind),
                        depth,
                        site: site(snapshot, &edge)?,
                        confidence: confidence(&edge),
                    };
                    if !emit(record) {
                        return Ok(());
                    }
                    if !snapshot.is_external(other) {
                        next.push(other);
                    }
                }
            }
            level = next;
        }
    }
    Ok(())
}

type Neighbours = BTreeMap<u32, (EdgeKind, EdgeRec)>;

fn neighbours(snapshot: &Snapshot, node: u32, reverse: bool) -> Result<Neighbours> {
    let mut found = BTreeMap::new();
    let is_file =
        !snapshot.is_external(node) && snapshot.symbol(node)?.kind == DefKind::File as u32;
    let members = if is_file {
        let file = snapshot.file(snapshot.symbol(node)?.file)?;
        file.symbols..file.symbols.saturating_add(file.symbols_len)
    } else {
        node..node + 1
    };
    for member in members {
        for kind in KINDS {
            if reverse {
                for back in snapshot.edges_to(kind, member)? {
                    let edge = *snapshot.edge(back.edge)?;
                    add(snapshot, &mut found, node, is_file, back.source, kind, edge)?;
                }
            } else {
                for edge in snapshot.edges_from(kind, member)? {
                    add(
                        snapshot,
                        &mut found,
                        node,
                        is_file,
                        edge.target,
                        kind,
                        *edge,
                    )?;
                }
            }
        }
    }
    Ok(found)
}

fn add(
    snapshot: &Snapshot,
    found: &mut Neighbours,
    node: u32,
    as_file: bool,
    other: u32,
    kind: EdgeKind,
    edge: EdgeRec,
) -> Result<()> {
    let mut other = other;
    if as_file && !snapshot.is_external(other) {
        other = snapshot.file(snapshot.symbol(other)?.file)?.symbols;
    } else if as_file && kind != EdgeKind::Imports {
        return Ok(());
    }
    if other != node {
        let known = found.entry(other).or_insert((kind, edge));
        if doubt(kind, &edge) < doubt(known.0, &known.1) {
            *known = (kind, edge);
        }
    }
    Ok(())
}

/// The lower, the better an edge shows a dependency: surest first, then by kind,
/// then by place.
fn doubt(kind: EdgeKind, edge: &EdgeRec) -> impl Ord {
    let inferred = confidence(edge) != Confidence::Exact;
    let rank = KINDS.iter().position(|known| *known == kind);
    (inferred, rank, edge.file, edge.line, edge.column)
}
