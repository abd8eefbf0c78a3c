//! Who calls a symbol, and whom it calls, directly or through others.

use petgraph::visit::VisitMap;

use super::names::{confidence, site, symbol, symbol_text};
use super::{Result, Why};
use crate::facts::format::def_flag;
use crate::graph::EdgeKind;
use crate::index::records::{EdgeRec, edge_flag};
use crate::index::{Snapshot, Visited};
use crate::lang::DefKind;
use crate::record::{Confidence, Record, Site, Text};

/// How far and how surely to look.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallOptions {
    /// Through other callers, too.
    pub transitive: bool,
    /// At most so many calls away; 0 is no limit.
    pub depth: u32,
    /// Only edges that scope or type decides.
    pub exact: bool,
    /// With the call sites that only bear the name.
    pub all: bool,
}

impl CallOptions {
    fn limit(self) -> u32 {
        match (self.transitive, self.depth) {
            (_, depth) if depth > 0 => depth,
            (true, _) => u32::MAX,
            (false, _) => 1,
        }
    }

    fn takes(self, edge: &EdgeRec) -> bool {
        !self.exact || edge.column & edge_flag::INFERRED == 0
    }
}

/// The callers of `targets`, nearest first, each call site once. Who calls a
/// constructor calls its class.
pub fn callers(
    snapshot: &Snapshot,
    targets: &[u32],
    options: CallOptions,
    emit: impl FnMut(Record) -> bool,
) -> Result<()> {
    why_callers(snapshot, targets, options, &mut Why::default(), emit)
}

/// The same, with how each was found where `why` can say it.
pub fn why_callers(
    snapshot: &Snapshot,
    targets: &[u32],
    options: CallOptions,
    why: &mut Why<'_, '_>,
    mut emit: impl FnMut(Record) -> bool,
) -> Result<()> {
    for &target in targets {
        let asked = Text(symbol_text(snapshot, target)?);
        let mut seen = Visited::new(snapshot.nodes());
        let mut level = with_constructors(snapshot, target)?;
        for &node in &level {
            seen.visit(node);
        }
        let mut depth = 0;
        while !level.is_empty() && depth < options.limit() {
            depth += 1;
            let mut next = Vec::new();
            for &node in &level {
                let called = Text(symbol_text(snapshot, node)?);
                for back in snapshot.edges_to(EdgeKind::Calls, node)? {
                    let edge = snapshot.edge(back.edge)?;
                    if !options.takes(edge) {
                        continue;
                    }
                    let record = Record::Caller {
                        symbol: symbol(snapshot, back.source)?,
                        calls: called.clone(),
                        target: asked.clone(),
                        depth,
                        site: site(snapshot, edge)?,
                        confidence: confidence(edge),
                        explanation: why.edge(EdgeKind::Calls, edge),
                    };
                    if !emit(record) {
                        return Ok(());
                    }
                    if seen.visit(back.source) {
                        next.push(back.source);
                    }
                }
            }
            level = next;
        }
        if options.all && !unresolved(snapshot, target, why, &mut emit)? {
            return Ok(());
        }
    }
    Ok(())
}

/// A symbol and, if it is a class, its constructors: those written in it, and
/// those of its name that are written elsewhere.
fn with_constructors(snapshot: &Snapshot, target: u32) -> Result<Vec<u32>> {
    let mut found = vec![target];
    if snapshot.is_external(target) {
        return Ok(found);
    }
    let class = snapshot.symbol(target)?;
    if class.kind != DefKind::Class as u32 {
        return Ok(found);
    }
    let mut candidates = snapshot.by_name(snapshot.text(class.name)?)?.to_vec();
    for at in target + 1.. {
        if snapshot.is_external(at) {
            break;
        }
        let next = snapshot.symbol(at)?;
        if next.file != class.file || next.start >= class.end {
            break;
        }
        candidates.push(at);
    }
    for at in candidates {
        let symbol = snapshot.symbol(at)?;
        let constructs = symbol.parent == target && symbol.flags & def_flag::CONSTRUCTOR != 0;
        if constructs && !found.contains(&at) {
            found.push(at);
        }
    }
    Ok(found)
}

/// The undecided call sites of a symbol's name; `false` where `emit` had enough.
fn unresolved(
    snapshot: &Snapshot,
    target: u32,
    why: &mut Why<'_, '_>,
    emit: &mut impl FnMut(Record) -> bool,
) -> Result<bool> {
    if snapshot.is_external(target) {
        return Ok(true);
    }
    let name = snapshot.text(snapshot.symbol(target)?.name)?;
    for found in snapshot.unresolved(crate::text::name_hash(name))? {
        let record = Record::Unresolved {
            symbol: Text(symbol_text(snapshot, found.source)?),
            name: name.into(),
            site: Site {
                site_path: snapshot.text(snapshot.file(found.file)?.path)?.into(),
                site_line: found.line,
                site_column: found.column >> 3,
            },
            reason: reason_name(found.column & 7),
            confidence: Confidence::Name,
            explanation: why.site(found.file, found.line, found.column >> 3),
        };
        if !emit(record) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How many call sites of a symbol's name could not be decided.
pub fn undecided(snapshot: &Snapshot, target: u32) -> Result<usize> {
    if snapshot.is_external(target) {
        return Ok(0);
    }
    let name = snapshot.text(snapshot.symbol(target)?.name)?;
    Ok(snapshot.unresolved(crate::text::name_hash(name))?.len())
}

fn reason_name(reason: u32) -> &'static str {
    match reason {
        1 => "unknown_receiver",
        2 => "unknown_name",
        3 => "no_such_member",
        _ => "too_many_targets",
    }
}

/// The callees of `sources`, nearest first, each call site once.
pub fn callees(
    snapshot: &Snapshot,
    sources: &[u32],
    options: CallOptions,
    emit: impl FnMut(Record) -> bool,
) -> Result<()> {
    why_callees(snapshot, sources, options, &mut Why::default(), emit)
}

/// The same, with how each was found where `why` can say it.
pub fn why_callees(
    snapshot: &Snapshot,
    sources: &[u32],
    options: CallOptions,
    why: &mut Why<'_, '_>,
    mut emit: impl FnMut(Record) -> bool,
) -> Result<()> {
    for &source in sources {
        let asked = Text(symbol_text(snapshot, source)?);
        let mut seen = Visited::new(snapshot.nodes());
        seen.visit(source);
        let mut level = vec![source];
        let mut depth = 0;
        while !level.is_empty() && depth < options.limit() {
            depth += 1;
            let mut next = Vec::new();
            for &node in &level {
                let calling = Text(symbol_text(snapshot, node)?);
                for edge in snapshot.edges_from(EdgeKind::Calls, node)? {
                    if !options.takes(edge) {
                        continue;
                    }
                    let record = Record::Callee {
                        symbol: symbol(snapshot, edge.target)?,
                        caller: calling.clone(),
                        source: asked.clone(),
                        depth,
                        site: site(snapshot, edge)?,
                        confidence: confidence(edge),
                        explanation: why.edge(EdgeKind::Calls, edge),
                    };
                    if !emit(record) {
                        return Ok(());
                    }
                    if seen.visit(edge.target) && !snapshot.is_external(edge.target) {
                        next.push(edge.target);
                    }
                }
            }
            level = next;
        }
    }
    Ok(())
}

/// The nodes that reach `target` by calls, nearest first: what
/// [`callers`] walks, without records.
pub fn reaching(snapshot: &Snapshot, target: u32, limit: usize) -> Result<Vec<u32>> {
    let mut seen = Visited::new(snapshot.nodes());
    let mut found = with_constructors(snapshot, target)?;
    let asked = found.len();
    for &node in &found {
        seen.visit(node);
    }
    let mut at = 0;
    while at < found.len() && found.len() <= limit {
        for back in snapshot.edges_to(EdgeKind::Calls, found[at])? {
            if seen.visit(back.source) {
                found.push(back.source);
            }
        }
        at += 1;
    }
    found.drain(..asked);
    Ok(found)
}
