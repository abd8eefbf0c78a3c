//! Text into words, exactly as the training in `tools/embedder/words.py` does.
//!
//! A word is a run of letters or of digits, folded to ASCII lower case. Camel
//! case splits (`HTTPServer` is `http server`). A byte of 0x80 or above counts
//! as a lower-case letter: no Unicode table whose version two programs would
//! have to agree on. `tests/it/vector/words.golden` holds the two together.

/// Longer runs are data, not words.
const MAX_WORD: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Lower,
    Upper,
    Digit,
    Other,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | 0x80..=0xff => Class::Lower,
            b'A'..=b'Z' => Class::Upper,
            b'0'..=b'9' => Class::Digit,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

fn class(byte: u8) -> Class {
    CLASSES[usize::from(byte)]
}

/// The end of the run of `wanted` that starts at `at`.
fn run(text: &[u8], at: usize, wanted: Class) -> usize {
    text[at..]
        .iter()
        .position(|&byte| class(byte) != wanted)
        .map_or(text.len(), |length| at + length)
}

/// Calls `each` with every word of `text` in order, in lower case.
pub(super) fn for_each(text: &str, mut each: impl FnMut(&[u8])) {
    let text = text.as_bytes();
    let mut lower = [0_u8; MAX_WORD];
    let mut at = 0;
    while at < text.len() {
        let end = match class(text[at]) {
            Class::Other => {
                at += 1;
                continue;
            }
            Class::Upper => {
                let end = run(text, at, Class::Upper);
                let starts_word = text
                    .get(end)
                    .is_some_and(|&byte| class(byte) == Class::Lower);
                match end - at {
                    1 if starts_word => run(text, end, Class::Lower),
                    // The last capital belongs to the word after it.
                    _ if starts_word => end - 1,
                    _ => end,
                }
            }
            same => run(text, at, same),
        };
        if end - at <= MAX_WORD {
            let word = &mut lower[..end - at];
            word.copy_from_slice(&text[at..end]);
            word.make_ascii_lowercase();
            each(word);
        }
        at = end;
    }
}
