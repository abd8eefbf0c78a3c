//! Symbols whose meaning is near that of a text or of other symbols.

use rustc_hash::FxHashSet;

use super::{DEPTH, SearchError};
use crate::index::Snapshot;
use crate::vector::{Embedder, scan::top_k_where};

/// Longest text that is embedded.
const MAX_TEXT: usize = 16 << 10;
/// A symbol has several vectors.
const ROWS: usize = DEPTH * 2;

/// The symbols nearest to a text, best first.
pub fn near_text(
    snapshot: &Snapshot,
    text: &str,
    embedder: &dyn Embedder,
    keep: &(impl Fn(u32) -> bool + Sync),
) -> Result<Vec<(u32, f32)>, SearchError> {
    let end = (0..=MAX_TEXT.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    let vectors = embedder.embed(&[&text[..end]])?;
    match vectors.first() {
        // A text of which nothing is known is as far from everything.
        Some(vector) if vector.iter().any(|x| *x != 0.0) => near(snapshot, vector, keep),
        _ => Ok(Vec::new()),
    }
}

/// The symbols nearest to other symbols, which are not among them.
pub fn near_nodes(
    snapshot: &Snapshot,
    nodes: &[u32],
    keep: &(impl Fn(u32) -> bool + Sync),
) -> Result<Vec<(u32, f32)>, SearchError> {
    let (rows, symbols) = snapshot.vectors()?;
    let mut sum = vec![0.0_f32; rows.dims()];
    for (row, symbol) in symbols.iter().enumerate() {
        if nodes.contains(symbol) {
            let vector = rows.vector(row).unwrap_or_default();
            sum.iter_mut().zip(vector).for_each(|(sum, x)| *sum += x);
        }
    }
    if sum.iter().all(|x| *x == 0.0) {
        return Ok(Vec::new());
    }
    near(snapshot, &sum, &|node| keep(node) && !nodes.contains(&node))
}

fn near(
    snapshot: &Snapshot,
    vector: &[f32],
    keep: &(impl Fn(u32) -> bool + Sync),
) -> Result<Vec<(u32, f32)>, SearchError> {
    let (rows, symbols) = snapshot.vectors()?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let found = top_k_where(vector, rows, ROWS, |row| keep(symbols[row]))?;
    let mut seen = FxHashSet::default();
    Ok(found
        .into_iter()
        .filter(|hit| hit.score > 0.0)
        .map(|hit| (symbols[hit.row], hit.score))
        .filter(|hit| seen.insert(hit.0))
        .collect())
}
