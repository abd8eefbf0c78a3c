//! One page of an answer: as many records as the token limit lets pass, and
//! where the next page begins.

use std::cell::RefCell;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::cmd::output::Sink;
use crate::record::{Record, Text};

/// Bytes of JSON that count as one token. Code has three to four; the lower
/// number keeps an answer below its limit.
const BYTES_PER_TOKEN: usize = 3;

/// Most sentences beside the records, and their longest.
const MAX_NOTES: usize = 20;
const MAX_NOTE: usize = 600;

/// Where a page begins: so many records in, and so many bytes into the text of
/// that one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Records before.
    pub record: u64,
    /// Bytes of the record's text before.
    pub byte: usize,
}

/// What a cursor says: where to go on, of which question about which state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Where to go on.
    pub mark: Mark,
    /// The question.
    pub question: u64,
    /// The state of the repository.
    pub state: u64,
}

impl Cursor {
    /// As the client keeps it.
    pub fn encode(&self) -> String {
        let fields = [
            self.mark.record,
            self.mark.byte as u64,
            self.question,
            self.state,
        ];
        URL_SAFE_NO_PAD.encode(fields.map(u64::to_le_bytes).concat())
    }

    /// Reads one that was given out.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (fields, rest) = bytes.as_chunks::<8>();
        let [record, byte, question, state] = fields else {
            return None;
        };
        rest.is_empty().then(|| Self {
            mark: Mark {
                record: u64::from_le_bytes(*record),
                byte: u64::from_le_bytes(*byte) as usize,
            },
            question: u64::from_le_bytes(*question),
            state: u64::from_le_bytes(*state),
        })
    }
}

/// Takes the records of a run.
pub struct Page {
    stop: Box<dyn Fn() -> bool>,
    start: Mark,
    budget: usize,
    taken: RefCell<Taken>,
}

/// What a page took.
#[derive(Default)]
pub struct Taken {
    /// The records, as JSON.
    pub records: Vec<Value>,
    /// What people would read on standard error.
    pub notes: Vec<String>,
    /// Where the next page begins, if there is one.
    pub next: Option<Mark>,
    seen: u64,
    used: usize,
}

impl Page {
    /// From `start`, of at most `tokens`; `stop` says when nobody waits for it
    /// any more.
    pub fn new(start: Mark, tokens: usize, stop: impl Fn() -> bool + 'static) -> Self {
        Self {
            stop: Box::new(stop),
            start,
            budget: tokens.saturating_mul(BYTES_PER_TOKEN),
            taken: RefCell::default(),
        }
    }

    /// What it took.
    pub fn finish(&self) -> Taken {
        self.taken.take()
    }
}

impl Sink for Page {
    fn record(&self, record: &Record) -> bool {
        if (self.stop)() {
            return false;
        }
        // A summary counts what passed, and is never left out.
        if matches!(
            record,
            Record::Test {
                outcome: "passed",
                ..
            }
        ) {
            return true;
        }
        if matches!(record, Record::TestSummary { .. }) {
            self.taken.borrow_mut().records.push(json(record));
            return true;
        }
        let mut taken = self.taken.borrow_mut();
        let at = taken.seen;
        taken.seen += 1;
        if at < self.start.record {
            return true;
        }
        if taken.next.is_some() {
            return false;
        }
        let byte = if at == self.start.record {
            self.start.byte
        } else {
            0
        };
        let room = self.budget.saturating_sub(taken.used);
        let full = Mark { record: at, byte };
        if let Record::Source { .. } = record {
            let (piece, end) = piece_of(record, byte, room, taken.records.is_empty());
            let Some(piece) = piece else {
                taken.next = Some(full);
                return false;
            };
            let value = json(&piece);
            taken.used += value.to_string().len() + 1;
            taken.records.push(value);
            taken.next = end.map(|byte| Mark { record: at, byte });
            return taken.next.is_none();
        }
        let value = json(record);
        let size = value.to_string().len() + 1;
        // A record that is larger than a page is a page.
        if size > room && !taken.records.is_empty() {
            taken.next = Some(full);
            return false;
        }
        taken.used += size;
        taken.records.push(value);
        true
    }

    fn raw(&self, bytes: &[u8]) {
        self.note(&String::from_utf8_lossy(bytes));
    }

    fn note(&self, text: &str) {
        let mut taken = self.taken.borrow_mut();
        if taken.notes.len() < MAX_NOTES {
            let end = text.floor_char_boundary(MAX_NOTE);
            taken.notes.push(text[..end].to_owned());
        }
    }
}

fn json(record: &Record) -> Value {
    serde_json::to_value(record).unwrap_or(Value::Null)
}

/// The part of a source text from `byte` on that fits into `room`, and where it
/// ends if something is left. Nothing, where so little fits that the next page
/// should have it.
fn piece_of(
    record: &Record,
    byte: usize,
    room: usize,
    must: bool,
) -> (Option<Record>, Option<usize>) {
    let Record::Source {
        symbol,
        start_line,
        text,
    } = record
    else {
        return (None, None);
    };
    let byte = byte.min(text.0.len());
    let rest = &text.0[byte..];
    let frame = json(record).to_string().len().saturating_sub(text.0.len());
    // Escapes make JSON longer than the text; their share is measured.
    let escaped =
        serde_json::to_string(&String::from_utf8_lossy(rest)).map_or(0, |text| text.len());
    let frame = frame.min(4096);
    let fits = if escaped + frame <= room {
        rest.len()
    } else {
        let share = room.saturating_sub(frame);
        (rest.len() as u64 * share as u64 / escaped.max(1) as u64) as usize
    };
    let cut = if fits >= rest.len() {
        rest.len()
    } else {
        let line = rest[..fits].iter().rposition(|byte| *byte == b'\n');
        match line {
            Some(at) => at + 1,
            None if !must => return (None, Some(byte)),
            // One line is larger than a page: cut inside it, at least by a bit.
            None => {
                let mut at = fits.max(64).min(rest.len());
                while at < rest.len() && rest[at] & 0xc0 == 0x80 {
                    at += 1;
                }
                at
            }
        }
    };
    let before = text.0[..byte].iter().filter(|byte| **byte == b'\n').count();
    let piece = Record::Source {
        symbol: symbol.clone(),
        start_line: start_line + before as u32,
        text: Text(rest[..cut].to_vec()),
    };
    let end = byte + cut;
    (Some(piece), (end < text.0.len()).then_some(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Symbol;

    fn source(text: &str) -> Record {
        Record::Source {
            symbol: Symbol {
                symbol: "a.py::f".into(),
                kind: "function",
                name: "f".into(),
                path: Some("a.py".into()),
                line: Some(10),
                end_line: Some(20),
                signature: None,
            },
            start_line: 10,
            text: text.into(),
        }
    }

    #[test]
    fn a_long_source_goes_on_where_the_page_before_ended() {
        let mut text: String = (0..300).map(|at| format!("line \"{at}\"\n")).collect();
        text.push_str(&"é".repeat(3000));
        let (mut joined, mut mark, mut pages) = (String::new(), Mark::default(), 0);
        loop {
            let page = Page::new(mark, 400, || false);
            page.record(&source(&text));
            let taken = page.finish();
            let [record] = &taken.records[..] else {
                panic!("a page is never empty")
            };
            let line = 10 + joined.matches('\n').count();
            assert_eq!(record["start_line"], line);
            assert!(record.to_string().len() <= 400 * BYTES_PER_TOKEN + 200);
            joined.push_str(record["text"].as_str().expect("it is text"));
            pages += 1;
            match taken.next {
                Some(next) => mark = next,
                None => break,
            }
        }
        assert_eq!(joined, text);
        assert!(pages > 5, "{pages}");
    }

    #[test]
    fn pages_together_are_the_whole_answer_without_repetition() {
        let all: Vec<Record> = (0..50)
            .map(|at| Record::PatchNote {
                path: "a".into(),
                input_line: at,
                note: "n".repeat(at * 7),
            })
            .collect();
        let (mut lines, mut mark) = (Vec::new(), Mark::default());
        loop {
            let page = Page::new(mark, 200, || false);
            for record in &all {
                if !page.record(record) {
                    break;
                }
            }
            let taken = page.finish();
            assert!(!taken.records.is_empty());
            lines.extend(
                taken
                    .records
                    .iter()
                    .map(|record| record["input_line"].clone()),
            );
            match taken.next {
                Some(next) => mark = next,
                None => break,
            }
        }
        assert_eq!(lines, (0..50).map(Value::from).collect::<Vec<_>>());
    }

    #[test]
    fn a_cursor_reads_back_and_a_forged_one_does_not() {
        let cursor = Cursor {
            mark: Mark { record: 7, byte: 3 },
            question: 11,
            state: u64::MAX,
        };
        assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor.clone()));
        for text in ["", "AAAA", "not base64!", &cursor.encode()[1..]] {
            assert_eq!(Cursor::decode(text), None);
        }
    }
}
