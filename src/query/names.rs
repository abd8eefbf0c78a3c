//! Symbols and places as records.

use super::Result;
use crate::graph::EdgeKind;
use crate::index::Snapshot;
use crate::index::records::{EdgeRec, edge_flag};
use crate::lang::DefKind;
use crate::record::{Confidence, Site, Symbol, Text};

/// Names of the kinds of symbols, as records and `--kind` spell them.
pub const KINDS: [(&str, DefKind); 8] = [
    ("file", DefKind::File),
    ("module", DefKind::Module),
    ("class", DefKind::Class),
    ("interface", DefKind::Interface),
    ("function", DefKind::Function),
    ("method", DefKind::Method),
    ("variable", DefKind::Variable),
    ("variable", DefKind::TypeAlias),
];

/// The name of a symbol's kind.
pub fn kind_name(kind: u32) -> &'static str {
    KINDS
        .iter()
        .find(|(_, known)| *known as u32 == kind)
        .map_or("variable", |(name, _)| name)
}

/// The name of an edge's kind.
pub fn edge_name(kind: EdgeKind) -> &'static str {
    match kind {
        EdgeKind::Defines => "defines",
        EdgeKind::Calls => "calls",
        EdgeKind::Imports => "imports",
        EdgeKind::Implements => "implements",
        EdgeKind::References => "references",
        EdgeKind::Overrides => "overrides",
    }
}

/// The stable name of a node: `path::Container.name`.
pub fn symbol_text(snapshot: &Snapshot, node: u32) -> Result<Vec<u8>> {
    if snapshot.is_external(node) {
        return Ok(snapshot.external(node)?.to_vec());
    }
    let record = snapshot.symbol(node)?;
    let mut text = snapshot.text(snapshot.file(record.file)?.path)?.to_vec();
    if record.kind != DefKind::File as u32 {
        text.extend_from_slice(b"::");
        text.extend_from_slice(snapshot.text(record.qualified)?);
    }
    Ok(text)
}

/// A node as a record.
pub fn symbol(snapshot: &Snapshot, node: u32) -> Result<Symbol> {
    if snapshot.is_external(node) {
        let text = snapshot.external(node)?;
        let name = text
            .rsplit(|byte| matches!(byte, b'.' | b':'))
            .next()
            .unwrap_or(text);
        return Ok(Symbol {
            symbol: text.into(),
            kind: "external",
            name: name.into(),
            path: None,
            line: None,
            end_line: None,
            signature: None,
        });
    }
    let record = snapshot.symbol(node)?;
    let signature = snapshot.text(record.signature)?;
    Ok(Symbol {
        symbol: Text(symbol_text(snapshot, node)?),
        kind: kind_name(record.kind),
        name: snapshot.text(record.name)?.into(),
        path: Some(snapshot.text(snapshot.file(record.file)?.path)?.into()),
        line: Some(record.line.max(1)),
        end_line: Some(record.end_line),
        signature: (!signature.is_empty()).then(|| signature.into()),
    })
}

/// The place of an edge.
pub fn site(snapshot: &Snapshot, edge: &EdgeRec) -> Result<Site> {
    Ok(Site {
        site_path: snapshot.text(snapshot.file(edge.file)?.path)?.into(),
        site_line: edge.line,
        site_column: edge.column >> 2,
    })
}

/// How an edge was found.
pub fn confidence(edge: &EdgeRec) -> Confidence {
    if edge.column & edge_flag::INFERRED == 0 {
        Confidence::Exact
    } else {
        Confidence::Inferred
    }
}
