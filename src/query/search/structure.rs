//! Symbols that stand beside good hits in the graph.

use rustc_hash::FxHashMap;

use crate::graph::EdgeKind;
use crate::index::Snapshot;
use crate::query::Result;

/// Hits whose surroundings are looked at.
const SEEDS: usize = 24;
/// Edges of a hit that are followed; what everybody calls says nothing.
const MAX_EDGES: usize = 48;
/// Surroundings that count.
const MAX: usize = 60;

/// What calls, is called by or extends the best of `base`, best first.
pub fn around(
    snapshot: &Snapshot,
    mut base: Vec<(u32, f32)>,
    keep: impl Fn(u32) -> bool,
) -> Result<Vec<(u32, f32)>> {
    base.sort_unstable_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    base.truncate(SEEDS);
    let mut found: FxHashMap<u32, f32> = FxHashMap::default();
    for &(node, score) in &base {
        let mut near: Vec<u32> = Vec::new();
        for kind in [EdgeKind::Calls, EdgeKind::Implements] {
            let out = snapshot
                .edges_from(kind, node)?
                .iter()
                .map(|edge| edge.target);
            near.extend(
                out.filter(|target| !snapshot.is_external(*target))
                    .take(MAX_EDGES),
            );
            near.extend(
                snapshot
                    .edges_to(kind, node)?
                    .iter()
                    .map(|edge| edge.source)
                    .take(MAX_EDGES),
            );
        }
        near.sort_unstable();
        near.dedup();
        near.retain(|other| *other != node);
        let share = score / (near.len().max(1) as f32).sqrt();
        for other in near {
            *found.entry(other).or_default() += share;
        }
    }
    let mut ranked: Vec<(u32, f32)> = found.into_iter().filter(|hit| keep(hit.0)).collect();
    ranked.sort_unstable_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    ranked.truncate(MAX);
    Ok(ranked)
}
