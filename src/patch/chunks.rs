//! The chunks of an `*** Update File` section: placed by the lines they keep and
//! remove, below the `@@` lines they stand under.

use std::ops::Range;

use super::edit::{Chunk, HunkLine, Side};
use super::hunks::{BadHunk, Placed, Splice};
use super::lines::{self, Endings};
use super::locate::{Shift, Work, nearest};
use super::report::{Reason, Tolerated};

/// Places every chunk in the order of the file.
pub(super) fn place(content: &[u8], chunks: &[Chunk]) -> Result<Placed, Vec<BadHunk>> {
    let skip = if content.starts_with(lines::BOM) {
        lines::BOM.len()
    } else {
        0
    };
    let file = File::new(content, skip);
    let mut placed = Placed {
        splices: Vec::new(),
        tolerated: Vec::new(),
    };
    let mut taken: Vec<Range<usize>> = Vec::new();
    let mut bad = Vec::new();
    let mut cursor = 0;
    for (index, chunk) in chunks.iter().enumerate() {
        match find(&file, chunk, cursor, &taken) {
            Ok(place) => {
                let range = place.at..place.at + place.count;
                let splice = file.splice(chunk, &range, place.shift.as_ref());
                let reason = match splice {
                    None => Some(Reason::Unshiftable),
                    Some(splice) if overlaps(&splice, &placed.splices) => Some(Reason::Overlaps),
                    Some(splice) => {
                        placed.splices.push(splice);
                        None
                    }
                };
                bad.extend(reason.map(|reason| BadHunk {
                    index,
                    reason,
                    nearest: None,
                }));
                if place.shift.is_some() {
                    placed.tolerated.push((index + 1, Tolerated::Indentation));
                }
                cursor = range.end;
                taken.push(range);
            }
            Err(reason) => {
                let nearest = (reason == Reason::NotFound)
                    .then(|| nearest(content, &(skip..content.len()), &old_text(chunk)))
                    .flatten();
                bad.push(BadHunk {
                    index,
                    reason,
                    nearest,
                });
            }
        }
    }
    // Lines put in before a replaced region go first.
    placed
        .splices
        .sort_by_key(|splice| (splice.range.start, splice.range.end));
    if bad.is_empty() { Ok(placed) } else { Err(bad) }
}

/// Whether a change shares bytes with, or stands inside, one of the others.
fn overlaps(splice: &Splice, others: &[Splice]) -> bool {
    let range = &splice.range;
    others
        .iter()
        .any(|other| range.start < other.range.end && other.range.start < range.end)
}

fn old_text(chunk: &Chunk) -> Vec<u8> {
    chunk
        .lines
        .iter()
        .filter(|line| line.is_old())
        .flat_map(|line| line.text.clone())
        .collect()
}

struct Place {
    at: usize,
    count: usize,
    shift: Option<Shift>,
}

fn find(
    file: &File<'_>,
    chunk: &Chunk,
    cursor: usize,
    taken: &[Range<usize>],
) -> Result<Place, Reason> {
    let old: Vec<_> = chunk
        .lines
        .iter()
        .filter(|l| l.is_old())
        .map(|l| l.text.as_slice())
        .collect();
    let scope = anchored(file, &chunk.anchors, cursor)?;
    if old.is_empty() {
        // New lines alone: below the anchor, else at the end of the file.
        let at = match &scope {
            Some(scope) if !chunk.at_end => scope.start + 1,
            _ => file.lines.len(),
        };
        return Ok(Place {
            at,
            count: 0,
            shift: None,
        });
    }
    let whole = 0..file.lines.len();
    let mut domains = Vec::new();
    if let Some(scope) = scope {
        domains.push(scope.clone());
        domains.push(scope.start..whole.end);
    } else {
        domains.push(cursor..whole.end);
        domains.push(whole);
    }
    let work = Work::default();
    for shift in [false, true] {
        for domain in &domains {
            let places = candidates(file, &old, domain, taken, chunk.at_end, shift, &work);
            match places.as_slice() {
                _ if work.is_spent() => return Err(Reason::TooCostly),
                [] => {}
                [(at, shift)] => {
                    return Ok(Place {
                        at: *at,
                        count: old.len(),
                        shift: shift.clone(),
                    });
                }
                several => {
                    return Err(Reason::Ambiguous(
                        several.iter().map(|(at, _)| at + 1).collect(),
                    ));
                }
            }
        }
    }
    Err(Reason::NotFound)
}

fn candidates(
    file: &File<'_>,
    old: &[&[u8]],
    domain: &Range<usize>,
    taken: &[Range<usize>],
    at_end: bool,
    shifted: bool,
    work: &Work,
) -> Vec<(usize, Option<Shift>)> {
    let Some(last) = domain.end.checked_sub(old.len()) else {
        return Vec::new();
    };
    let ends_file = |at: usize| !at_end || at + old.len() == file.lines.len();
    let free = |at: usize| {
        taken
            .iter()
            .all(|range| range.end <= at || range.start >= at + old.len())
    };
    let mut found = Vec::new();
    for at in (domain.start..=last).filter(|at| ends_file(*at) && free(*at)) {
        let pairs = || {
            let pairs = file.lines[at..].iter().copied().zip(old.iter().copied());
            pairs.inspect(|_| work.spend())
        };
        if shifted {
            if let Some(shift) = Shift::between(pairs()) {
                found.push((at, Some(shift)));
            }
        } else if pairs().all(|(line, old)| lines::body(line) == lines::body(old)) {
            found.push((at, None));
        }
        if found.len() > 10 || work.is_spent() {
            break;
        }
    }
    found
}

/// The lines under the innermost `@@` line, that line included.
fn anchored(
    file: &File<'_>,
    anchors: &[Vec<u8>],
    cursor: usize,
) -> Result<Option<Range<usize>>, Reason> {
    let mut scope = None;
    for anchor in anchors {
        let domains: Vec<_> = match &scope {
            Some(Range { start, end }) => std::iter::once(start + 1..*end).collect(),
            None => vec![cursor..file.lines.len(), 0..file.lines.len()],
        };
        let shown = || String::from_utf8_lossy(anchor).into_owned();
        let same = |line: &[u8]| line.trim_ascii() == anchor.as_slice();
        let begins = |line: &[u8]| line.trim_ascii().starts_with(anchor);
        let at = domains
            .iter()
            .flat_map(|domain| [(domain, true), (domain, false)])
            .map(|(domain, whole)| {
                let fits = |at: &usize| {
                    if whole {
                        same(file.lines[*at])
                    } else {
                        begins(file.lines[*at])
                    }
                };
                domain.clone().filter(fits).take(11).collect::<Vec<_>>()
            })
            .find(|places| !places.is_empty());
        let at = match at.as_deref() {
            Some([at]) => *at,
            Some(several) => {
                let numbers = several.iter().map(|at| at + 1).collect();
                return Err(Reason::AnchorAmbiguous(shown(), numbers));
            }
            None => return Err(Reason::AnchorNotFound(shown())),
        };
        scope = Some(at..file.block_end(at));
    }
    Ok(scope)
}

struct File<'a> {
    lines: Vec<&'a [u8]>,
    offsets: Vec<usize>,
    endings: Endings,
}

impl<'a> File<'a> {
    fn new(content: &'a [u8], skip: usize) -> Self {
        let lines = lines::split(&content[skip..]);
        let mut offsets = Vec::with_capacity(lines.len() + 1);
        let mut at = skip;
        for line in &lines {
            offsets.push(at);
            at += line.len();
        }
        offsets.push(at);
        Self {
            lines,
            offsets,
            endings: Endings::of(content),
        }
    }

    /// Where the block that a line heads ends: at the next line indented no deeper,
    /// which is included if it only closes brackets.
    fn block_end(&self, head: usize) -> usize {
        let depth = lines::indent(self.lines[head]).len();
        let closes = |line: &[u8]| {
            line.trim_ascii()
                .iter()
                .all(|b| matches!(b, b'}' | b')' | b']' | b';' | b',' | b'{' | b':'))
        };
        for (at, line) in self.lines.iter().enumerate().skip(head + 1) {
            if !lines::is_blank(line) && lines::indent(line).len() <= depth {
                if closes(line) {
                    continue;
                }
                return at;
            }
        }
        self.lines.len()
    }

    /// The new text of a range of lines. The file's own line endings are kept, and so
    /// is a missing one at its end.
    fn splice(&self, chunk: &Chunk, range: &Range<usize>, shift: Option<&Shift>) -> Option<Splice> {
        let window = &self.lines[range.clone()];
        let here = Endings::of(&window.concat());
        let ending = if here.none() {
            self.endings.usual()
        } else {
            here.usual()
        };
        let mut out = Vec::new();
        let mut file = window.iter();
        for line in &chunk.lines {
            self.push(line, file.by_ref(), shift, ending, &mut out)?;
        }
        let unended = self.lines.last().is_some_and(|line| !line.ends_with(b"\n"));
        let mut from = self.offsets[range.start];
        if unended && range.end == self.lines.len() {
            super::locate::trim_last_ending(&mut out);
            if range.is_empty() && !out.is_empty() {
                out.splice(0..0, ending.iter().copied());
            } else if out.is_empty() && range.start > 0 {
                // The last lines went: the line before them is now the unended one.
                from -= lines::ending(self.lines[range.start - 1]).len();
            }
        }
        Some(Splice {
            range: from..self.offsets[range.end],
            text: out,
        })
    }

    fn push<'b>(
        &self,
        line: &HunkLine,
        file: &mut impl Iterator<Item = &'b &'b [u8]>,
        shift: Option<&Shift>,
        ending: &[u8],
        out: &mut Vec<u8>,
    ) -> Option<()> {
        if line.is_old() {
            let kept = file.next()?;
            if line.side == Side::Both {
                out.extend_from_slice(kept);
                if !kept.ends_with(b"\n") {
                    out.extend_from_slice(self.endings.usual());
                }
            }
            return Some(());
        }
        let text = lines::body(&line.text);
        match shift {
            Some(shift) => out.extend(shift.apply(text)?),
            None => out.extend_from_slice(text),
        }
        out.extend_from_slice(ending);
        Some(())
    }
}
