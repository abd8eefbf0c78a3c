//! A symbol's new text, fitted to the place where the old one stands.

use std::ops::Range;

use super::lines::{self, Endings};
use super::locate::{Shift, trim_last_ending};
use super::report::Tolerated;

/// The new text of the symbol at `span`: its lines are indented as the old ones were,
/// whether the author wrote it from the left margin or as it stands in the file.
pub(super) fn fitted(
    content: &[u8],
    span: &Range<usize>,
    body: &[u8],
) -> (Vec<u8>, Option<Tolerated>) {
    let old = &content[span.clone()];
    let line_start = content[..span.start]
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |at| at + 1);
    let margin = &content[line_start..span.start];
    let margin = if lines::is_blank(margin) { margin } else { &[] };
    // The span begins behind the margin, so the first line comes without it.
    let (body, first_cut) = match body.strip_prefix(margin) {
        Some(rest) if !margin.is_empty() => (rest, true),
        _ => (body, false),
    };
    let mut text = body.to_vec();
    let mut shifted = false;
    let depth = |text: &[u8]| {
        let rest = lines::split(text)
            .into_iter()
            .skip(1)
            .filter(|line| !lines::is_blank(line));
        rest.map(|line| lines::indent(line).len()).min()
    };
    if !margin.is_empty() && !first_cut {
        let from_the_left = match (depth(body), depth(old)) {
            (Some(new), Some(old)) => new + margin.len() == old || new < margin.len(),
            (Some(new), None) => new < margin.len(),
            (None, _) => false,
        };
        if from_the_left {
            let shift = Shift::Deeper(margin.to_vec());
            let mut moved = Vec::new();
            for (at, line) in lines::split(body).into_iter().enumerate() {
                match shift.apply(line) {
                    Some(line) if at > 0 => moved.extend(line),
                    _ => moved.extend_from_slice(line),
                }
            }
            text = moved;
            shifted = true;
        }
    }
    let endings = Endings::of(content);
    let mut converted = false;
    if !endings.none() {
        let adapted = lines::with_endings(&text, endings.usual());
        converted = adapted != text;
        text = adapted;
    }
    if old.ends_with(b"\n") && !text.ends_with(b"\n") {
        text.extend_from_slice(endings.usual());
    } else if !old.ends_with(b"\n") {
        trim_last_ending(&mut text);
    }
    let tolerated = match (shifted, converted) {
        (true, _) => Some(Tolerated::Indentation),
        (_, true) => Some(Tolerated::LineEndings),
        _ => None,
    };
    (text, tolerated)
}
