//! Where a symbol is mentioned.

use super::names::{confidence, edge_name, site, symbol, symbol_text};
use super::{Result, Why};
use crate::graph::EdgeKind;
use crate::index::Snapshot;
use crate::record::{Record, Text};

/// Every mention of `targets`: calls, references, imports, bases, overriding.
pub fn refs(snapshot: &Snapshot, targets: &[u32], emit: impl FnMut(Record) -> bool) -> Result<()> {
    why_refs(snapshot, targets, &mut Why::default(), emit)
}

/// The same, with how each was found where `why` can say it.
pub fn why_refs(
    snapshot: &Snapshot,
    targets: &[u32],
    why: &mut Why<'_, '_>,
    mut emit: impl FnMut(Record) -> bool,
) -> Result<()> {
    for &target in targets {
        let asked = Text(symbol_text(snapshot, target)?);
        let mut found = Vec::new();
        for kind in [
            EdgeKind::Calls,
            EdgeKind::Imports,
            EdgeKind::Implements,
            EdgeKind::References,
            EdgeKind::Overrides,
        ] {
            for back in snapshot.edges_to(kind, target)? {
                let edge = *snapshot.edge(back.edge)?;
                found.push((edge.file, edge.line, edge.column >> 2, kind, edge));
            }
        }
        // A call is a reference too: at one place the more telling edge stays.
        found.sort_by_key(|(file, line, column, kind, _)| (*file, *line, *column, *kind));
        found.dedup_by_key(|(file, line, column, _, _)| (*file, *line, *column));
        for (_, _, _, kind, edge) in found {
            let record = Record::Reference {
                symbol: symbol(snapshot, edge.source)?,
                target: asked.clone(),
                edge: edge_name(kind),
                site: site(snapshot, &edge)?,
                confidence: confidence(&edge),
                explanation: why.edge(kind, &edge),
            };
            if !emit(record) {
                return Ok(());
            }
        }
    }
    Ok(())
}
