//! Page rank of symbols over who calls, mentions and extends whom.

use super::records::EdgeRec;
use crate::graph::order::sort_grouped;

const ROUNDS: usize = 12;
const DAMPING: f32 = 0.85;

/// The rank of each symbol; 1 is the average. Edges to external symbols and
/// to the symbol itself say nothing.
pub(super) fn ranks<'a>(symbols: usize, edges: impl Iterator<Item = &'a EdgeRec>) -> Vec<f32> {
    let mut pairs: Vec<(u32, u32)> = edges
        .map(|edge| (edge.source, edge.target))
        .filter(|(source, target)| source != target && (*target as usize) < symbols)
        .collect();
    sort_grouped(&mut pairs, symbols, |pair| pair.0, |pair| pair.1);
    pairs.dedup();
    let mut degree = vec![0_u32; symbols];
    for (source, _) in &pairs {
        degree[*source as usize] += 1;
    }
    let mut rank = vec![1.0_f32; symbols];
    for _ in 0..ROUNDS {
        let mut next = vec![1.0 - DAMPING; symbols];
        for &(source, target) in &pairs {
            let source = source as usize;
            next[target as usize] += DAMPING * rank[source] / degree[source] as f32;
        }
        rank = next;
    }
    rank
}
