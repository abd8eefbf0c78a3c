//! Characters that make a text read otherwise than it runs: bidirectional controls
//! (CVE-2021-42574) and the invisible tag characters.

use std::collections::HashSet;

use gix::bstr::ByteSlice as _;

use super::lines;

fn hides(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}')
}

/// The first such character of a text.
pub(super) fn in_text(text: &[u8]) -> Option<char> {
    // All of them begin with one of two bytes, which most texts do not have.
    let begins = |byte: &u8| matches!(byte, 0xe2 | 0xf3);
    text.iter()
        .any(begins)
        .then(|| text.chars().find(|letter| hides(*letter)))
        .flatten()
}

/// The first line (1-based) of `after` that has such a character and is no line of
/// `before`, and the character.
pub(super) fn added(before: &[u8], after: &[u8]) -> Option<(usize, char)> {
    in_text(after)?;
    let known: HashSet<_> = lines::split(before).into_iter().map(lines::body).collect();
    let after = lines::split(after).into_iter().map(lines::body).enumerate();
    let mut new = after.filter(|(_, line)| !known.contains(line));
    new.find_map(|(number, line)| Some((number + 1, in_text(line)?)))
}
