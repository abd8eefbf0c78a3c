//! Finding the one place that a search text means. A place is found exactly, or up
//! to line endings, or up to one uniform shift of indentation; never by likeness.

use std::ops::Range;

use memchr::memmem;

use super::lines::{self, Endings};
use super::report::{Nearest, Reason, Tolerated};

/// A place, and what is to stand there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Located {
    pub range: Range<usize>,
    pub replacement: Vec<u8>,
    pub tolerated: Option<Tolerated>,
}

/// Why there is not exactly one place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Miss {
    pub reason: Reason,
    pub nearest: Option<Nearest>,
}

impl From<Reason> for Miss {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            nearest: None,
        }
    }
}

/// What to look for, and where.
pub(super) struct Query<'a> {
    pub content: &'a [u8],
    pub scope: Range<usize>,
    pub search: &'a [u8],
    pub replace: &'a [u8],
    pub whole_lines: bool,
}

/// Finds the one place that the query means.
pub(super) fn locate(query: &Query<'_>) -> Result<Located, Miss> {
    let found = exact(query)
        .or_else(|| up_to_endings(query))
        .or_else(|| shifted(query))
        .unwrap_or_else(|| Err(Reason::NotFound.into()));
    found.map_err(|mut miss| {
        if miss.reason == Reason::NotFound {
            miss.nearest = nearest(query.content, &query.scope, query.search);
        }
        miss
    })
}

/// `None` if there is no place, an error if there are several.
type Found = Option<Result<Located, Miss>>;

fn one(content: &[u8], mut starts: Vec<usize>) -> Option<Result<usize, Miss>> {
    match starts.len() {
        0 => None,
        1 => starts.pop().map(Ok),
        _ => {
            let numbers = starts
                .iter()
                .map(|at| lines::number_at(content, *at))
                .collect();
            Some(Err(Reason::Ambiguous(numbers).into()))
        }
    }
}

/// More places than this are not counted.
const ENOUGH: usize = 11;

/// All places, overlapping ones too: in `aaa` the text `aa` stands twice.
fn occurrences(text: &[u8], needle: &[u8], fits: impl Fn(usize) -> bool) -> Vec<usize> {
    let finder = memmem::Finder::new(needle);
    let mut starts = Vec::new();
    let mut from = 0;
    while let Some(at) = finder.find(&text[from..]).map(|at| at + from) {
        if fits(at) {
            starts.push(at);
        }
        from = at + 1;
        if starts.len() == ENOUGH || from > text.len() {
            break;
        }
    }
    starts
}

fn starts_line(text: &[u8], at: usize) -> bool {
    at == 0 || text[at - 1] == b'\n' || (at == lines::BOM.len() && text.starts_with(lines::BOM))
}

fn exact(query: &Query<'_>) -> Found {
    let Query {
        content,
        scope,
        search,
        ..
    } = query;
    let fits = |at: usize| !query.whole_lines || starts_line(content, at + scope.start);
    let starts = occurrences(&content[scope.clone()], search, fits);
    let starts = starts.into_iter().map(|at| at + scope.start).collect();
    let start = match one(content, starts)? {
        Ok(start) => start,
        Err(miss) => return Some(Err(miss)),
    };
    let range = start..start + search.len();
    // A search text with line endings has the file's; the replacement is by the same hand.
    let (replacement, changed) = if Endings::of(search).none() {
        adapted(query.replace, content, &range)
    } else {
        (query.replace.to_vec(), false)
    };
    let tolerated = changed.then_some(Tolerated::LineEndings);
    Some(Ok(Located {
        range,
        replacement,
        tolerated,
    }))
}

/// The replacement with the line endings of the place, and whether that changed it.
fn adapted(replace: &[u8], content: &[u8], range: &Range<usize>) -> (Vec<u8>, bool) {
    let mut endings = Endings::of(&content[range.clone()]);
    if endings.none() {
        endings = Endings::of(content);
    }
    if endings.none() || Endings::of(replace).none() {
        return (replace.to_vec(), false);
    }
    let adapted = lines::with_endings(replace, endings.usual());
    let changed = adapted != replace;
    (adapted, changed)
}

/// Searches with `\r` before `\n` left out on both sides, and a `\n` put after a last
/// line that has none.
fn up_to_endings(query: &Query<'_>) -> Found {
    let Query { content, scope, .. } = query;
    let text = &content[scope.clone()];
    let search = lines::with_endings(query.search, b"\n");
    let mut plain = Vec::with_capacity(text.len() + 1);
    // The offsets in `plain` before which a `\r` was left out.
    let mut dropped = Vec::new();
    for (at, byte) in text.iter().enumerate() {
        if *byte == b'\r' && text.get(at + 1) == Some(&b'\n') {
            dropped.push(plain.len());
        } else {
            plain.push(*byte);
        }
    }
    let open_end = scope.end == content.len() && !text.is_empty() && !text.ends_with(b"\n");
    if open_end {
        plain.push(b'\n');
    }
    let original = |at: usize| {
        let skipped = dropped.partition_point(|gap| *gap < at);
        (at + skipped).min(text.len()) + scope.start
    };
    let fits = |at: usize| {
        !query.whole_lines
            || at == 0 && starts_line(content, scope.start)
            || starts_line(&plain, at)
    };
    let starts = occurrences(&plain, &search, fits);
    let at = match starts.as_slice() {
        [] => return None,
        [at] => *at,
        several => {
            let numbers = several
                .iter()
                .map(|at| lines::number_at(content, original(*at)))
                .collect();
            return Some(Err(Reason::Ambiguous(numbers).into()));
        }
    };
    let end = at + search.len();
    let range = original(at)..original(end);
    let (mut replacement, _) = adapted(query.replace, content, &range);
    if open_end && end == plain.len() {
        trim_last_ending(&mut replacement);
    }
    let changed = !dropped.is_empty() || lines::with_endings(query.search, b"\n") != query.search;
    let tolerated = changed.then_some(Tolerated::LineEndings);
    Some(Ok(Located {
        range,
        replacement,
        tolerated,
    }))
}

/// Takes the last line ending off: the file ended without one and stays so.
pub(super) fn trim_last_ending(text: &mut Vec<u8>) {
    let len = lines::body(text).len();
    if text.ends_with(b"\n") {
        text.truncate(len);
    }
}

/// A bound on the lines compared in one search, so that an input made of like lines
/// costs seconds at most.
#[derive(Default)]
pub(super) struct Work(std::cell::Cell<usize>);

impl Work {
    const MOST: usize = 20_000_000;

    /// Counts one comparison.
    pub(super) fn spend(&self) {
        self.0.set(self.0.get() + 1);
    }

    /// Whether the bound was passed.
    pub(super) fn is_spent(&self) -> bool {
        self.0.get() > Self::MOST
    }
}

/// How the lines of the file are indented against those of the search text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shift {
    /// The file has this much more.
    Deeper(Vec<u8>),
    /// The search text has this much more.
    Shallower(Vec<u8>),
}

impl Shift {
    /// The shift between two texts that are equal but for it; blank lines say nothing.
    pub(super) fn between<'a>(pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<Self> {
        let mut shift: Option<Self> = None;
        for (file, search) in pairs {
            let (file, search) = (lines::body(file), lines::body(search));
            if lines::is_blank(file) || lines::is_blank(search) {
                if lines::is_blank(file) && lines::is_blank(search) {
                    continue;
                }
                return None;
            }
            let this = if let Some(more) = file.strip_suffix(search) {
                Self::Deeper(more.to_vec())
            } else {
                Self::Shallower(search.strip_suffix(file)?.to_vec())
            };
            let (Self::Deeper(blanks) | Self::Shallower(blanks)) = &this;
            if !lines::is_blank(blanks) || shift.get_or_insert_with(|| this.clone()) != &this {
                return None;
            }
        }
        shift
    }

    /// A line of the search text's author, moved to where the file stands.
    pub(super) fn apply(&self, line: &[u8]) -> Option<Vec<u8>> {
        if lines::is_blank(line) {
            return Some(line.to_vec());
        }
        match self {
            Self::Deeper(blanks) => Some([blanks, line].concat()),
            Self::Shallower(blanks) => line.strip_prefix(blanks.as_slice()).map(<[u8]>::to_vec),
        }
    }
}

fn shifted(query: &Query<'_>) -> Found {
    let Query {
        content,
        scope,
        search,
        replace,
        ..
    } = query;
    // A symbol's span begins behind the indentation of its first line.
    let line_start = content[..scope.start]
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |at| at + 1);
    let start = if lines::is_blank(&content[line_start..scope.start]) {
        line_start
    } else {
        scope.start
    };
    let file = lines::split(&content[start..scope.end]);
    let wanted = lines::split(search);
    if wanted.is_empty()
        || wanted.len() > file.len()
        || wanted.iter().all(|line| lines::is_blank(line))
    {
        return None;
    }
    let work = Work::default();
    let mut places = Vec::new();
    let mut offset = start;
    for (at, window) in file.windows(wanted.len()).enumerate() {
        let pairs = window.iter().copied().zip(wanted.iter().copied());
        if let Some(shift) = Shift::between(pairs.inspect(|_| work.spend())) {
            places.push((offset, at, shift));
            if places.len() == ENOUGH {
                break;
            }
        }
        offset += file[at].len();
        if work.is_spent() {
            return Some(Err(Reason::TooCostly.into()));
        }
    }
    if places.len() > 1 {
        let numbers = places
            .iter()
            .map(|(offset, ..)| lines::number_at(content, *offset))
            .collect();
        return Some(Err(Reason::Ambiguous(numbers).into()));
    }
    let (offset, at, shift) = places.pop()?;
    let length: usize = file[at..at + wanted.len()]
        .iter()
        .map(|line| line.len())
        .sum();
    let mut range = offset..offset + length;
    let last = file[at + wanted.len() - 1];
    if !search.ends_with(b"\n") {
        range.end -= lines::ending(last).len();
    }
    let moved: Option<Vec<_>> = lines::split(replace)
        .into_iter()
        .map(|line| shift.apply(line))
        .collect();
    let Some(moved) = moved else {
        return Some(Err(Reason::Unshiftable.into()));
    };
    let (mut replacement, _) = adapted(&moved.concat(), content, &range);
    if search.ends_with(b"\n") && lines::ending(last).is_empty() {
        trim_last_ending(&mut replacement);
    }
    // The margin before a symbol is no part of it, and stays outside where it can.
    if range.start < scope.start && replacement.starts_with(&content[range.start..scope.start]) {
        replacement.drain(..scope.start - range.start);
        range.start = scope.start;
    }
    Some(Ok(Located {
        range,
        replacement,
        tolerated: Some(Tolerated::Indentation),
    }))
}

/// The window of lines that shares most lines with the search text: a hint for the
/// reader, never a place to apply at.
pub(super) fn nearest(content: &[u8], scope: &Range<usize>, search: &[u8]) -> Option<Nearest> {
    const MOST_COMPARISONS: usize = 20_000_000;
    let file = lines::split(&content[scope.clone()]);
    let wanted: Vec<_> = lines::split(search)
        .into_iter()
        .map(<[u8]>::trim_ascii)
        .collect();
    let wanted = &wanted[..wanted.len().min(50)];
    if file.is_empty() || wanted.is_empty() || file.len() * wanted.len() > MOST_COMPARISONS {
        return None;
    }
    let likeness = |at: usize| -> usize {
        let window = file[at..].iter().zip(wanted);
        window
            .map(|(line, wanted)| match line.trim_ascii() {
                line if wanted.is_empty() || line.is_empty() => 0,
                line if line == *wanted => 1000,
                line => line
                    .iter()
                    .zip(*wanted)
                    .take_while(|(a, b)| a == b)
                    .count()
                    .min(100),
            })
            .sum()
    };
    let best = (0..file.len()).max_by_key(|at| (likeness(*at), std::cmp::Reverse(*at)))?;
    if likeness(best) == 0 {
        return None;
    }
    let text = file[best..(best + wanted.len()).min(file.len())].concat();
    let first = lines::number_at(content, scope.start);
    Some(Nearest {
        line: first + best,
        text,
    })
}
