//! Text helpers shared by every layer.

use xxhash_rust::xxh3::xxh3_64;

/// The identity of a name across files.
///
/// The lowest bit is set for names of elements (`[0]`, `['key']`), so that
/// whoever holds only the hash knows an element from a member.
pub fn name_hash(name: &[u8]) -> u64 {
    xxh3_64(name) & !1 | u64::from(name.first() == Some(&b'['))
}

/// Whether a hash is that of an element's name.
pub fn is_element(hash: u64) -> bool {
    hash & 1 == 1
}

/// Longer runs of letters are data, not words.
const MAX_WORD: usize = 40;

/// Calls `each` with every word of `text` in order, and where it starts:
/// identifiers split at camel case, underscores and digits, in lower case and
/// brought to their stem. Single letters and long numbers are no words; bytes
/// of 0x80 and above count as letters.
pub fn words(text: &[u8], mut each: impl FnMut(usize, &[u8])) {
    let mut lower = [0_u8; MAX_WORD];
    let mut at = 0;
    while at < text.len() {
        let first = text[at];
        let end = if first.is_ascii_digit() {
            run(text, at, |byte| byte.is_ascii_digit())
        } else if first.is_ascii_uppercase() {
            let end = run(text, at, |byte| byte.is_ascii_uppercase());
            match text.get(end).is_some_and(|byte| is_lower(*byte)) {
                true if end - at == 1 => run(text, end, is_lower),
                // The last capital belongs to the word after it.
                true => end - 1,
                false => end,
            }
        } else if is_lower(first) {
            run(text, at, is_lower)
        } else {
            at += 1;
            continue;
        };
        let longest = if first.is_ascii_digit() { 4 } else { MAX_WORD };
        let len = end - at;
        if (2..=longest).contains(&len) {
            let word = &mut lower[..len];
            word.copy_from_slice(&text[at..end]);
            word.make_ascii_lowercase();
            let len = stem(word);
            each(at, &lower[..len]);
        }
        at = end;
    }
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte >= 0x80
}

fn run(text: &[u8], at: usize, wanted: impl Fn(u8) -> bool) -> usize {
    text[at..]
        .iter()
        .position(|byte| !wanted(*byte))
        .map_or(text.len(), |len| at + len)
}

/// Brings an English word in lower case to its stem, in place, and returns the
/// stem's length: plurals, `-ing`, `-ed`, `-er`, `-or`, `-ion` and `-ate` go, so
/// that `routes`, `router` and `routing` are one word.
fn stem(word: &mut [u8]) -> usize {
    let mut len = word.len();
    if len < 4 || !word.iter().all(u8::is_ascii_lowercase) {
        return len;
    }
    let ends = |word: &[u8], len: usize, tail: &[u8], rest: usize| {
        len >= tail.len() + rest && word[..len].ends_with(tail)
    };
    if ends(word, len, b"ies", 2) {
        len -= 2;
        word[len - 1] = b'y';
    } else if ends(word, len, b"sses", 1)
        || ends(word, len, b"xes", 2)
        || ends(word, len, b"ches", 2)
        || ends(word, len, b"shes", 2)
    {
        len -= 2;
    } else if word[len - 1] == b's' && !matches!(word[len - 2], b's' | b'u' | b'i') {
        len -= 1;
    }
    for tail in [&b"ing"[..], b"ed"] {
        let rest = len.saturating_sub(tail.len());
        if ends(word, len, tail, 3) && word[..rest].iter().any(|byte| b"aeiouy".contains(byte)) {
            len = rest;
            let last = word[len - 1];
            if len > 3 && last == word[len - 2] && !b"lsz".contains(&last) {
                len -= 1;
            }
            break;
        }
    }
    for (tail, rest) in [
        (&b"ation"[..], 4),
        (b"ator", 4),
        (b"ate", 4),
        (b"ion", 4),
        (b"er", 4),
        (b"or", 4),
    ] {
        if ends(word, len, tail, rest) {
            len -= tail.len();
            break;
        }
    }
    if len > 4 && word[len - 1] == b'e' {
        len -= 1;
    }
    len
}
