//! How much of the repository's text the root model was shown.
//!
//! The root works with handles. What it is told passes through here: a long
//! run of repository text that it did not ask for with `peek` is cut out, and
//! the longest run that is left is measured for the run's last record.

use rustc_hash::FxHashMap;

use super::Error;
use super::workplace::Workplace;

/// Pieces of the repository's text are looked up by their hash; a common run
/// of twice this length holds a whole piece.
const PIECE: usize = 20;
/// Characters from which on a run is cut out.
pub(super) const LONGEST: usize = 80;
/// Bytes of text that are indexed.
const MOST: usize = 64 << 20;
/// Places of one piece that are tried.
const PLACES: usize = 4;

/// The repository's text, ready to be found in other text.
#[derive(Debug, Default)]
pub(super) struct Meter {
    text: Vec<u8>,
    pieces: FxHashMap<u64, [u32; PLACES]>,
    /// What the root asked to see.
    peeked: Vec<Vec<u8>>,
    /// The longest run that it was shown without asking.
    pub(super) longest: usize,
    /// Characters that it asked to see.
    pub(super) peeked_characters: u64,
}

impl Meter {
    /// Reads the text of all files of the index.
    pub(super) fn new(place: &dyn Workplace) -> Result<Self, Error> {
        let mut text = Vec::new();
        for at in 0..place.snapshot().files()?.len() as u32 {
            // A file that cannot be read cannot be quoted either.
            let Ok(bytes) = place.read(at) else { continue };
            if text.len() + bytes.len() > MOST {
                break;
            }
            text.extend_from_slice(&bytes);
            // No run goes from one file to the next.
            text.push(0);
        }
        Ok(Self::of(text))
    }

    fn of(text: Vec<u8>) -> Self {
        let mut pieces: FxHashMap<u64, [u32; PLACES]> = FxHashMap::default();
        for at in (0..text.len().saturating_sub(PIECE - 1)).step_by(PIECE) {
            let piece = &text[at..at + PIECE];
            if is_blank(piece) {
                continue;
            }
            let places = pieces.entry(hash(piece)).or_insert([u32::MAX; PLACES]);
            if let Some(free) = places.iter_mut().find(|place| **place == u32::MAX) {
                *free = at as u32;
            }
        }
        Self {
            text,
            pieces,
            ..Self::default()
        }
    }

    /// Takes note of text that the root asked to see.
    pub(super) fn peek(&mut self, text: &str) {
        self.peeked_characters += text.chars().count() as u64;
        self.peeked.push(text.as_bytes().to_vec());
    }

    /// What of `text` may be shown: runs of repository text are cut out, but
    /// for those that were asked for. Measures what is left.
    pub(super) fn filter(&mut self, text: &str) -> String {
        let bytes = text.as_bytes();
        let mut out = Vec::with_capacity(bytes.len());
        let mut from = 0;
        for (start, end) in self.runs(bytes) {
            let run = &bytes[start..end];
            let count = String::from_utf8_lossy(run).trim().chars().count();
            if self.asked_for(run) {
                continue;
            }
            if count < LONGEST {
                self.longest = self.longest.max(count);
                continue;
            }
            let (start, end) = (start.max(from), end.max(from));
            out.extend_from_slice(&bytes[from..start]);
            out.extend_from_slice(
                format!("[{count} characters of source: `peek` or ask a sub-agent]").as_bytes(),
            );
            from = end;
        }
        out.extend_from_slice(&bytes[from..]);
        String::from_utf8_lossy(&out).into_owned()
    }

    fn asked_for(&self, run: &[u8]) -> bool {
        let run = run.trim_ascii();
        self.peeked
            .iter()
            .any(|peeked| memchr::memmem::find(peeked, run).is_some())
    }

    /// Runs of repository text in `bytes`: those of at least twice the piece's
    /// length are all found, in order and apart from each other.
    fn runs(&self, bytes: &[u8]) -> Vec<(usize, usize)> {
        let mut found: Vec<(usize, usize)> = Vec::new();
        let mut at = 0;
        while at + PIECE <= bytes.len() {
            let piece = &bytes[at..at + PIECE];
            let known = if is_blank(piece) {
                None
            } else {
                self.pieces.get(&hash(piece))
            };
            let best = known
                .into_iter()
                .flatten()
                .filter(|place| **place != u32::MAX)
                .filter_map(|place| self.widen(bytes, at, *place as usize))
                .max_by_key(|(start, end)| end - start);
            match best {
                Some((start, end)) => {
                    let start = found.last().map_or(start, |last| start.max(last.1));
                    if end > start {
                        found.push((start, end));
                    }
                    at = end.max(at + 1);
                }
                None => at += 1,
            }
        }
        found
    }

    /// The whole run around a piece that stands at both places.
    fn widen(&self, bytes: &[u8], at: usize, place: usize) -> Option<(usize, usize)> {
        if bytes[at..at + PIECE] != self.text[place..place + PIECE] {
            return None;
        }
        let pairs = bytes[..at]
            .iter()
            .rev()
            .zip(self.text[..place].iter().rev());
        let before = pairs.take_while(|(a, b)| a == b && **a != 0).count();
        let pairs = bytes[at..].iter().zip(&self.text[place..]);
        let after = pairs.take_while(|(a, b)| a == b && **a != 0).count();
        Some((at - before, at + after))
    }
}

fn hash(piece: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(piece)
}

/// Whether a piece is nothing but blanks and one other character: lines of
/// dashes are no text of anybody's.
fn is_blank(piece: &[u8]) -> bool {
    let mut letters = piece.iter().filter(|byte| !byte.is_ascii_whitespace());
    let first = letters.next();
    letters.all(|letter| Some(letter) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "def login(user, password):\n    digest = hashlib.sha256(password.encode()).hexdigest()\n    return store.find(user) == digest\n";

    fn meter() -> Meter {
        Meter::of([CODE.as_bytes(), b"\0", b"x = 1\n"].concat())
    }

    #[test]
    fn a_long_quotation_is_cut_out_and_a_short_one_measured() {
        let mut meter = meter();
        let told = meter.filter(&format!("look:\n{CODE}so it is"));
        assert!(told.contains("characters of source"), "{told}");
        assert!(!told.contains("hashlib.sha256(password"), "{told}");
        assert!(told.starts_with("look:\n") && told.ends_with("so it is"));
        assert_eq!(meter.longest, 0);
        let short = "it calls hashlib.sha256(password.encode()).hexdigest() there";
        assert_eq!(meter.filter(short), short);
        assert_eq!(
            meter.longest,
            "hashlib.sha256(password.encode()).hexdigest()".len()
        );
    }

    #[test]
    fn what_was_peeked_at_is_shown_and_does_not_count() {
        let mut meter = meter();
        meter.peek(CODE);
        assert_eq!(meter.filter(CODE), CODE);
        assert_eq!(
            (meter.longest, meter.peeked_characters),
            (0, CODE.len() as u64)
        );
    }

    #[test]
    fn other_text_is_left_alone() {
        let mut meter = meter();
        let text = "é — nothing of this stands in the repository, however long it may be ----------------------------------------------------------------";
        assert_eq!(meter.filter(text), text);
        assert_eq!(meter.longest, 0);
    }
}
