//! The hunks of a unified diff, placed in a file as Git places them: where the header
//! says, else at the one other place where all their lines stand.

use super::edit::{Hunk, HunkLine, Side};
use super::lines::{self, Endings};
use super::locate::{Work, nearest};
use super::report::{Nearest, Reason, Tolerated};

/// Bytes of the old content that a new text replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Splice {
    pub range: std::ops::Range<usize>,
    pub text: Vec<u8>,
}

/// A hunk without a place.
#[derive(Debug)]
pub(super) struct BadHunk {
    pub index: usize,
    pub reason: Reason,
    pub nearest: Option<Nearest>,
}

/// The places of all hunks, and what was tolerated on the way (by hunk number).
pub(super) struct Placed {
    pub splices: Vec<Splice>,
    pub tolerated: Vec<(usize, Tolerated)>,
}

/// Places every hunk; `fuzz` is how many outer context lines may be left out.
pub(super) fn place(content: &[u8], hunks: &[Hunk], fuzz: usize) -> Result<Placed, Vec<BadHunk>> {
    // A byte order mark that the patch does not mention is no part of the first line.
    let marked = content.starts_with(lines::BOM)
        && !hunks.iter().any(|hunk| {
            hunk.lines
                .first()
                .is_some_and(|line| line.text.starts_with(lines::BOM))
        });
    let skip = if marked { lines::BOM.len() } else { 0 };
    let file = lines::split(&content[skip..]);
    let mut offsets = Vec::with_capacity(file.len() + 1);
    let mut at = skip;
    for line in &file {
        offsets.push(at);
        at += line.len();
    }
    offsets.push(at);
    let usual = Endings::of(content);
    let mut placed = Placed {
        splices: Vec::new(),
        tolerated: Vec::new(),
    };
    let mut bad = Vec::new();
    let (mut cursor, mut drift) = (0, 0);
    for (index, hunk) in hunks.iter().enumerate() {
        match find(&file, hunk, cursor, drift, fuzz) {
            Ok(place) => {
                let count = place.lines.iter().filter(|line| line.is_old()).count();
                let window = &file[place.at..place.at + count];
                let ending = place.loose.then(|| ending_near(window, usual));
                placed.splices.push(Splice {
                    range: offsets[place.at]..offsets[place.at + count],
                    text: rebuilt(window, place.lines, ending),
                });
                cursor = place.at + count;
                let offset = place.at as isize - place.expected as isize;
                drift += offset;
                let number = index + 1;
                if offset != 0 {
                    placed.tolerated.push((
                        number,
                        Tolerated::Offset {
                            hunk: number,
                            offset: drift,
                        },
                    ));
                }
                if place.fuzz > 0 {
                    placed.tolerated.push((
                        number,
                        Tolerated::Fuzz {
                            hunk: number,
                            lines: place.fuzz,
                        },
                    ));
                }
                if place.loose {
                    placed.tolerated.push((number, Tolerated::LineEndings));
                }
            }
            Err(reason) => {
                let old: Vec<u8> = hunk
                    .lines
                    .iter()
                    .filter(|line| line.is_old())
                    .flat_map(|line| line.text.clone())
                    .collect();
                let nearest = (reason == Reason::NotFound)
                    .then(|| nearest(content, &(skip..content.len()), &old))
                    .flatten();
                bad.push(BadHunk {
                    index,
                    reason,
                    nearest,
                });
            }
        }
    }
    if bad.is_empty() { Ok(placed) } else { Err(bad) }
}

struct Place<'a> {
    at: usize,
    expected: usize,
    /// The hunk's lines, less the context that fuzz left out.
    lines: &'a [HunkLine],
    fuzz: usize,
    /// Whether the line endings differ.
    loose: bool,
}

fn find<'a>(
    file: &[&[u8]],
    hunk: &'a Hunk,
    cursor: usize,
    drift: isize,
    fuzz: usize,
) -> Result<Place<'a>, Reason> {
    let mut fault = Reason::NotFound;
    let before = hunk
        .lines
        .iter()
        .take_while(|line| line.side == Side::Both)
        .count();
    let after = hunk
        .lines
        .iter()
        .rev()
        .take_while(|line| line.side == Side::Both)
        .count();
    for left_out in 0..=fuzz {
        let head = left_out.min(before);
        let tail = left_out.min(after);
        if left_out > 0 && left_out > before.max(after) {
            break;
        }
        let lines = &hunk.lines[head..hunk.lines.len() - tail];
        let old: Vec<_> = lines
            .iter()
            .filter(|line| line.is_old())
            .map(|line| line.text.as_slice())
            .collect();
        // A hunk with no old lines names the line that it stands after.
        let first = if hunk.lines.iter().any(HunkLine::is_old) {
            hunk.old_start.saturating_sub(1)
        } else {
            hunk.old_start
        };
        let expected = (first + head).saturating_add_signed(drift);
        // As in Git: a hunk at the first line, or without context after it, is tied
        // to that end of the file.
        let tied = Tied {
            start: hunk.old_start <= 1 && left_out == 0,
            end: after == 0 && left_out == 0,
        };
        for loose in [false, true] {
            match place_at(file, &old, cursor, expected, tied, loose) {
                Ok(at) => {
                    return Ok(Place {
                        at,
                        expected,
                        lines,
                        fuzz: left_out,
                        loose,
                    });
                }
                Err(Reason::NotFound) => {}
                Err(reason) => fault = reason,
            }
        }
    }
    Err(fault)
}

#[derive(Clone, Copy)]
struct Tied {
    start: bool,
    end: bool,
}

fn place_at(
    file: &[&[u8]],
    old: &[&[u8]],
    cursor: usize,
    expected: usize,
    tied: Tied,
    loose: bool,
) -> Result<usize, Reason> {
    let last = file.len().checked_sub(old.len()).ok_or(Reason::NotFound)?;
    let work = Work::default();
    let same = |at: usize| {
        let fits = (!tied.start || at == 0) && (!tied.end || at == last);
        fits && file[at..]
            .iter()
            .zip(old)
            .inspect(|_| work.spend())
            .all(|(line, old)| equal(line, old, loose))
    };
    if (cursor..=last).contains(&expected) && same(expected) {
        return Ok(expected);
    }
    // Lines that are only put in, without context, say nothing of where else to put them.
    let mut places = (cursor..=last).filter(|at| !old.is_empty() && !work.is_spent() && same(*at));
    match (places.next(), places.next()) {
        _ if work.is_spent() => Err(Reason::TooCostly),
        (None, _) => Err(Reason::NotFound),
        (Some(at), None) => Ok(at),
        (Some(first), Some(second)) => {
            let more = places.take(9);
            Err(Reason::Ambiguous(
                [first, second]
                    .into_iter()
                    .chain(more)
                    .map(|at| at + 1)
                    .collect(),
            ))
        }
    }
}

fn equal(line: &[u8], old: &[u8], loose: bool) -> bool {
    // Whether a line has an ending is content; which one it has may be transport.
    line == old
        || (loose
            && line.ends_with(b"\n") == old.ends_with(b"\n")
            && lines::body(line) == lines::body(old))
}

fn ending_near(window: &[&[u8]], usual: Endings) -> &'static [u8] {
    let here = Endings::of(&window.concat());
    if here.none() {
        usual.usual()
    } else {
        here.usual()
    }
}

/// The new text of a window: context keeps the file's bytes, new lines are the
/// patch's, with `ending` where the file's line endings are not the patch's.
fn rebuilt(window: &[&[u8]], hunk: &[HunkLine], ending: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut file = window.iter();
    for line in hunk {
        if line.is_old() {
            let kept = file.next();
            if let (Side::Both, Some(kept)) = (line.side, kept) {
                out.extend_from_slice(kept);
            }
        } else {
            match ending {
                Some(ending) if line.text.ends_with(b"\n") => {
                    out.extend_from_slice(lines::body(&line.text));
                    out.extend_from_slice(ending);
                }
                _ => out.extend_from_slice(&line.text),
            }
        }
    }
    out
}
