//! The shortest chain of calls from one symbol to another.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::names::{confidence, site, symbol};
use super::{Result, Why};
use crate::graph::EdgeKind;
use crate::index::Snapshot;
use crate::record::Record;

/// The steps of a shortest call chain from any of `from` to any of `to`; empty
/// where there is none.
pub fn path(snapshot: &Snapshot, from: &[u32], to: &[u32]) -> Result<Vec<Record>> {
    why_path(snapshot, from, to, &mut Why::default())
}

/// The same, with how each step was found where `why` can say it.
pub fn why_path(
    snapshot: &Snapshot,
    from: &[u32],
    to: &[u32],
    why: &mut Why<'_, '_>,
) -> Result<Vec<Record>> {
    let mut came: FxHashMap<u32, (u32, u32)> = FxHashMap::default();
    let mut queue: VecDeque<u32> = VecDeque::new();
    for &node in from {
        if came.insert(node, (node, u32::MAX)).is_none() {
            queue.push_back(node);
        }
    }
    while let Some(node) = queue.pop_front() {
        if to.contains(&node) && !from.contains(&node) {
            return steps(snapshot, &came, node, why);
        }
        if snapshot.is_external(node) {
            continue;
        }
        for (at, edge) in snapshot
            .edges_from(EdgeKind::Calls, node)?
            .iter()
            .enumerate()
        {
            if let std::collections::hash_map::Entry::Vacant(e) = came.entry(edge.target) {
                e.insert((node, at as u32));
                queue.push_back(edge.target);
            }
        }
    }
    match from.iter().find(|node| to.contains(node)) {
        Some(node) => steps(snapshot, &came, *node, why),
        None => Ok(Vec::new()),
    }
}

fn steps(
    snapshot: &Snapshot,
    came: &FxHashMap<u32, (u32, u32)>,
    end: u32,
    why: &mut Why<'_, '_>,
) -> Result<Vec<Record>> {
    let mut chain = vec![];
    let mut node = end;
    while let Some(&(before, at)) = came.get(&node) {
        chain.push((node, before, at));
        if at == u32::MAX {
            break;
        }
        node = before;
    }
    chain.reverse();
    let mut records = Vec::with_capacity(chain.len());
    for (index, (node, before, at)) in chain.into_iter().enumerate() {
        let edge = match at {
            u32::MAX => None,
            at => snapshot
                .edges_from(EdgeKind::Calls, before)?
                .get(at as usize),
        };
        records.push(Record::Step {
            index: index as u32,
            symbol: symbol(snapshot, node)?,
            site: edge.map(|edge| site(snapshot, edge)).transpose()?,
            confidence: edge.map(confidence),
            explanation: edge.map_or_else(Vec::new, |edge| why.edge(EdgeKind::Calls, edge)),
        });
    }
    Ok(records)
}
