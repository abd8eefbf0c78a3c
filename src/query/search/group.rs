//! One hit per file, the best symbols of the file inside it.

use rustc_hash::FxHashMap;

use super::super::names::symbol_text;
use super::{Hit, SearchError, SearchOptions, record};
use crate::index::Snapshot;
use crate::lang::DefKind;
use crate::record::{Record, Text};

/// Other symbols of a file that a grouped hit shows, and that its score heeds.
const OTHERS: usize = 5;

/// The files of `hits`, which come best first. `meaning` is what a file's own
/// meaning adds to what its symbols give.
pub(super) fn by_file(
    snapshot: &Snapshot,
    hits: &[Hit],
    meaning: &mut impl FnMut(u32) -> Result<f32, SearchError>,
    options: &SearchOptions,
    embedder: &str,
) -> Result<Vec<Record>, SearchError> {
    let mut files: FxHashMap<u32, Vec<&Hit>> = FxHashMap::default();
    for hit in hits {
        let file = snapshot.symbol(hit.node)?.file;
        files.entry(file).or_default().push(hit);
    }
    let mut groups: Vec<(f32, Vec<&Hit>)> = Vec::with_capacity(files.len());
    for (file, mut list) in files {
        let mut weight = options.recipe.second;
        let mut score = list[0].score + list[0].lead();
        for hit in list.iter().skip(1).take(OTHERS) {
            score += weight * hit.score;
            weight /= 2.0;
        }
        score += meaning(file)?;
        // The file itself says least about where to look in it.
        let is_file = |hit: &Hit| {
            Ok::<_, SearchError>(snapshot.symbol(hit.node)?.kind == DefKind::File as u32)
        };
        if list.len() > 1 && is_file(list[0])? {
            list.swap(0, 1);
        }
        groups.push((score, list));
    }
    groups.sort_unstable_by(|one, other| {
        other
            .0
            .total_cmp(&one.0)
            .then(one.1[0].node.cmp(&other.1[0].node))
    });
    groups
        .iter()
        .take(options.limit)
        .enumerate()
        .map(|(at, (score, list))| {
            let others = list[1..]
                .iter()
                .take(OTHERS)
                .map(|hit| Ok(Text(symbol_text(snapshot, hit.node)?)))
                .collect::<Result<_, SearchError>>()?;
            record(snapshot, list[0], *score, at, others, options, embedder)
        })
        .collect()
}
