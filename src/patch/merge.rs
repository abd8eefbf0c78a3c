//! Three-way merges of contents.

use similar::TextMerge;

/// Merges two descendants of `ancestor`. The error lists the 1-based lines of `ours`
/// where both changed the same.
pub(super) fn merged(ancestor: &[u8], ours: &[u8], theirs: &[u8]) -> Result<Vec<u8>, Vec<usize>> {
    if ours == theirs || ancestor == theirs {
        return Ok(ours.to_vec());
    }
    if ancestor == ours {
        return Ok(theirs.to_vec());
    }
    let merge = TextMerge::from_lines(ancestor, ours, theirs);
    let conflicts: Vec<_> = merge
        .conflicts()
        .map(|region| region.ours_range().start + 1)
        .collect();
    if !conflicts.is_empty() {
        return Err(conflicts);
    }
    let mut out = Vec::with_capacity(ours.len() + theirs.len());
    match merge.to_writer(&mut out) {
        Ok(()) => Ok(out),
        Err(_) => Err(vec![1]),
    }
}
