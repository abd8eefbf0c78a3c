//! Symbols and files whose meaning is near that of a text or of other symbols.

use rustc_hash::FxHashSet;

use super::filter::is_inside;
use super::{DEPTH, SearchError};
use crate::index::Snapshot;
use crate::vector::{Embedder, scan};

/// Longest text that is embedded.
const MAX_TEXT: usize = 16 << 10;
/// A symbol has several vectors.
const ROWS: usize = DEPTH * 2;
/// Vectors of a file that say what it is about: the nearest ones.
const OF_FILE: usize = 20;

/// What is near, best first.
#[derive(Default)]
pub struct Near {
    /// Symbols.
    pub symbols: Vec<(u32, f32)>,
    /// Files, by the mean of their nearest vectors.
    pub files: Vec<(u32, f32)>,
}

/// What is nearest to a text.
pub fn near_text(
    snapshot: &Snapshot,
    text: &str,
    embedder: &dyn Embedder,
    keep: &impl Fn(u32) -> bool,
) -> Result<Near, SearchError> {
    let end = (0..=MAX_TEXT.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    let vectors = embedder.embed(&[&text[..end]])?;
    match vectors.first() {
        // A text of which nothing is known is as far from everything.
        Some(vector) if vector.iter().any(|x| *x != 0.0) => near(snapshot, vector, keep),
        _ => Ok(Near::default()),
    }
}

/// The symbols nearest to other symbols; neither these nor what they hold.
pub fn near_nodes(
    snapshot: &Snapshot,
    nodes: &[u32],
    keep: &impl Fn(u32) -> bool,
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
    let near = near(snapshot, &sum, &|node| {
        // What stands inside is a part, not a likeness.
        keep(node) && !nodes.contains(&node) && !is_inside(snapshot, node, nodes)
    })?;
    Ok(near.symbols)
}

fn near(
    snapshot: &Snapshot,
    vector: &[f32],
    keep: &impl Fn(u32) -> bool,
) -> Result<Near, SearchError> {
    let (rows, symbols) = snapshot.vectors()?;
    if rows.is_empty() {
        return Ok(Near::default());
    }
    let scores = scan::scores(vector, rows)?;
    let mut seen = FxHashSet::default();
    let best = scan::best(&scores, ROWS, |row| keep(symbols[row]))
        .into_iter()
        .filter(|hit| hit.score > 0.0)
        .map(|hit| (symbols[hit.row], hit.score))
        .filter(|hit| seen.insert(hit.0))
        .collect();
    Ok(Near {
        symbols: best,
        files: by_file(snapshot, &scores, symbols)?,
    })
}

/// The files by the mean of their nearest vectors: what many of its symbols are
/// about, a file is about. Vectors come in the order of the files.
fn by_file(
    snapshot: &Snapshot,
    scores: &[f32],
    symbols: &[u32],
) -> Result<Vec<(u32, f32)>, SearchError> {
    let mut found = Vec::new();
    let mut row = 0;
    for (at, file) in snapshot.files()?.iter().enumerate() {
        let start = row;
        let end = file.symbols.saturating_add(file.symbols_len);
        while symbols.get(row).is_some_and(|symbol| *symbol < end) {
            row += 1;
        }
        let mut own = scores.get(start..row).unwrap_or_default().to_vec();
        if own.is_empty() {
            continue;
        }
        if own.len() > OF_FILE {
            own.select_nth_unstable_by(OF_FILE, |one, other| other.total_cmp(one));
            own.truncate(OF_FILE);
        }
        let mean = own.iter().sum::<f32>() / own.len() as f32;
        if mean > 0.0 {
            found.push((at as u32, mean));
        }
    }
    Ok(super::top(&found, |_| true))
}
