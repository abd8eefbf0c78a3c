//! Exact search: the cosine of the query to every row.
//!
//! The inner loop is plain Rust that the compiler turns into SIMD; at 256
//! dimensions it reads 256 bytes a row, and 100,000 rows take some
//! milliseconds (`cargo bench --bench vector` prints them).

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::Error;
use super::quantise::{Query, RowsView, cosine, dot};

/// Rows that a thread takes at a time; fewer rows than two of these are not
/// worth waking another thread for.
const BLOCK: usize = 32_768;

/// A row and its cosine to the query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    /// The row's number.
    pub row: usize,
    /// The cosine, about -1 to 1.
    pub score: f32,
}

impl Near {
    /// Best first: a higher score, then a lower row.
    pub(super) fn rank(&self, other: &Self) -> Ordering {
        other
            .score
            .total_cmp(&self.score)
            .then(self.row.cmp(&other.row))
    }
}

/// Orders a heap so that the worst kept hit is on top.
struct Worst(Near);

impl PartialEq for Worst {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Worst {}
impl PartialOrd for Worst {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Worst {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.rank(&other.0)
    }
}

/// The `k` rows nearest to `query`, best first; equal scores in row order.
pub fn top_k(query: &[f32], rows: RowsView<'_>, k: usize) -> Result<Vec<Near>, Error> {
    top_k_where(query, rows, k, |_| true)
}

/// The same among the rows that `keep` accepts, such as those of one language.
pub fn top_k_where(
    query: &[f32],
    rows: RowsView<'_>,
    k: usize,
    keep: impl Fn(usize) -> bool + Sync,
) -> Result<Vec<Near>, Error> {
    use rayon::prelude::*;

    let query = Query::new(query, rows.dims())?;
    if k == 0 || rows.is_empty() || rows.dims() == 0 {
        return Ok(Vec::new());
    }
    if rows.len() < 2 * BLOCK {
        return Ok(block(&query, rows, 0..rows.len(), k, &keep));
    }
    let blocks: Vec<_> = (0..rows.len()).step_by(BLOCK).collect();
    let mut found: Vec<Near> = blocks
        .into_par_iter()
        .flat_map_iter(|start| block(&query, rows, start..rows.len().min(start + BLOCK), k, &keep))
        .collect();
    found.sort_unstable_by(Near::rank);
    found.truncate(k);
    Ok(found)
}

/// The cosine of every row, in order.
pub fn scores(query: &[f32], rows: RowsView<'_>) -> Result<Vec<f32>, Error> {
    use rayon::prelude::*;

    let query = Query::new(query, rows.dims())?;
    let dims = rows.dims();
    let mut scores = vec![0.0; rows.len()];
    if dims == 0 {
        return Ok(scores);
    }
    let fill = |(start, scores): (usize, &mut [f32])| {
        let codes = rows.codes()[start * dims..].chunks_exact(dims);
        for ((score, codes), scale) in scores.iter_mut().zip(codes).zip(&rows.scales()[start..]) {
            *score = cosine(dot(&query.codes, codes), query.scale, *scale);
        }
    };
    if rows.len() < 2 * BLOCK {
        fill((0, &mut scores));
    } else {
        scores
            .par_chunks_mut(BLOCK)
            .enumerate()
            .for_each(|(at, scores)| fill((at * BLOCK, scores)));
    }
    Ok(scores)
}

/// The `k` best of `scores` among the rows that `keep` accepts, best first.
pub fn best(scores: &[f32], k: usize, keep: impl Fn(usize) -> bool) -> Vec<Near> {
    pick(scores.iter().copied().enumerate(), k, &keep)
}

fn block(
    query: &Query,
    rows: RowsView<'_>,
    range: std::ops::Range<usize>,
    k: usize,
    keep: &impl Fn(usize) -> bool,
) -> Vec<Near> {
    let dims = rows.dims();
    let codes = rows.codes()[range.start * dims..range.end * dims].chunks_exact(dims);
    let scales = &rows.scales()[range.clone()];
    let scores = range
        .zip(codes)
        .zip(scales)
        .map(|((row, codes), &scale)| (row, cosine(dot(&query.codes, codes), query.scale, scale)));
    pick(scores, k, keep)
}

/// The best `k` of rows that come in order, so that an equal score never
/// displaces an earlier one; a scale that is not a number, from a damaged file,
/// never passes.
fn pick(
    scores: impl Iterator<Item = (usize, f32)>,
    k: usize,
    keep: &impl Fn(usize) -> bool,
) -> Vec<Near> {
    let mut heap = BinaryHeap::new();
    let mut least = f32::NEG_INFINITY;
    for (row, score) in scores {
        if score > least && keep(row) {
            heap.push(Worst(Near { row, score }));
            if heap.len() > k {
                heap.pop();
            }
            if heap.len() == k {
                least = heap.peek().map_or(least, |worst| worst.0.score);
            }
        }
    }
    let mut found: Vec<_> = heap.into_iter().map(|worst| worst.0).collect();
    found.sort_unstable_by(Near::rank);
    found
}
