//! Macros that no grammar knows, taken out before parsing.
//!
//! A preprocessor removes words that say nothing of names and calls: export
//! marks, attributes, annotations for checkers. The grammar sees the text
//! before the preprocessor, where each of them breaks the declaration that it
//! stands in. They are overwritten with spaces, so that every place stays.

use std::borrow::Cow;

/// Words after which a name is no annotation.
const WORDS: &[&[u8]] = &[
    b"return",
    b"else",
    b"do",
    b"case",
    b"throw",
    b"goto",
    b"new",
    b"delete",
    b"typedef",
    b"sizeof",
    b"define",
    b"undef",
    b"ifdef",
    b"ifndef",
    b"if",
    b"elif",
    b"defined",
    b"using",
    b"namespace",
    b"operator",
    b"co_return",
    b"co_yield",
    b"co_await",
    b"struct",
    b"class",
    b"union",
    b"enum",
    b"public",
    b"private",
    b"protected",
    b"include",
    b"typename",
    b"error",
];

/// Parts of the names of annotations that may follow a parameter list.
const ANNOTATIONS: &[&[u8]] = &[
    b"LOCK",
    b"REQUIRES",
    b"GUARDED",
    b"ACQUIRE",
    b"RELEASE",
    b"ATTRIBUTE",
    b"NOEXCEPT",
    b"WARN_",
    b"PRINTF",
    b"FORMAT",
    b"DEPRECATED",
    b"NONNULL",
    b"THREAD_",
    b"EXCLUDES",
    b"LIFETIME",
    b"UNUSED",
    b"NODISCARD",
    b"PURE",
    b"CONST",
    b"NORETURN",
    b"OVERRIDE",
    b"FINAL",
    b"_ATTR",
    b"__attribute__",
    b"__init",
    b"__exit",
    b"__asm__",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    /// A word, and where it is.
    Word(usize, usize),
    /// Punctuation.
    Mark(u8),
    /// Nothing yet, or a line of the preprocessor.
    Start,
}

/// `source` without macros that stand where no grammar expects a word.
pub(super) fn erase(source: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Cow::Borrowed(source);
    let mut at = 0;
    // The three tokens before, the last first.
    let mut before = [Token::Start; 3];
    let mut line_start = true;
    while at < source.len() {
        let byte = source[at];
        match byte {
            b'\n' => {
                line_start = true;
                at += 1;
                continue;
            }
            b' ' | b'\t' | b'\r' => {
                at += 1;
                continue;
            }
            b'#' if line_start => {
                at = directive(source, at);
                continue;
            }
            b'/' if matches!(source.get(at + 1), Some(b'/' | b'*')) => {
                at = comment(source, at);
                continue;
            }
            b'"' | b'\'' => {
                at = quoted(source, at);
                shift(&mut before, Token::Mark(byte));
            }
            _ if is_word(byte) => {
                let end = word_end(source, at);
                if source.get(end) == Some(&b'"') && source[at..end].ends_with(b"R") {
                    at = raw_string(source, end);
                    shift(&mut before, Token::Mark(b'"'));
                } else if let Some(until) = annotation(source, at, end, before, line_start) {
                    let text = out.to_mut();
                    for byte in &mut text[at..until] {
                        if *byte != b'\n' {
                            *byte = b' ';
                        }
                    }
                    at = until;
                } else {
                    shift(&mut before, Token::Word(at, end));
                    at = end;
                }
            }
            _ => {
                shift(&mut before, Token::Mark(byte));
                at += 1;
            }
        }
        line_start = false;
    }
    out
}

/// Where the annotation that starts at `at` ends, if it is one.
fn annotation(
    source: &[u8],
    at: usize,
    end: usize,
    before: [Token; 3],
    line_start: bool,
) -> Option<usize> {
    let word = &source[at..end];
    let heads: [&[u8]; 4] = [b"class", b"struct", b"union", b"enum"];
    let (next, mark) = next_mark(source, end);
    if let Token::Word(from, to) = before[0] {
        let head = &source[from..to];
        if heads.contains(&head) {
            return class_mark(source, word, end, next, mark);
        }
    }
    let capitals = word.len() > 3
        && word
            .iter()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
        && word.iter().any(u8::is_ascii_uppercase);
    let known = ANNOTATIONS.iter().any(|part| find(word, part));
    let reserved = known && word.starts_with(b"__");
    if !capitals && !reserved {
        return None;
    }
    match before[0] {
        Token::Word(from, to) if !line_start || known => {
            let head = &source[from..to];
            if WORDS.contains(&head) {
                return None;
            }
            if mark == b'(' {
                let close = matching(source, next)?;
                let (_, after) = next_mark(source, close);
                // `Type name MARK(x);`, `const MARK(x);`
                let typed = matches!(before[1], Token::Word(..) | Token::Mark(b'*' | b'&' | b'>'));
                let ends = matches!(after, b';' | b'=' | b'{' | b',');
                return (ends && typed && word.contains(&b'_')).then_some(close);
            }
            None
        }
        Token::Mark(b')') if known => {
            if mark == b'(' {
                let close = matching(source, next)?;
                let (_, after) = next_mark(source, close);
                let ends = matches!(after, b';' | b'{' | b':' | b'=') || is_word(after);
                return ends.then_some(close);
            }
            matches!(mark, b';' | b'{' | b':' | b'=').then_some(end)
        }
        Token::Start | Token::Mark(b';' | b'{' | b'}' | b'>' | b')' | b':') | Token::Word(..)
            if line_start && is_word(mark) =>
        {
            // `MARK Type name(`: a word too many before a declaration.
            (declares(source, next) && word.contains(&b'_')).then_some(end)
        }
        Token::Start | Token::Mark(b';' | b'{' | b'}' | b'>' | b':')
            if line_start && mark == b'(' =>
        {
            // `MARK("text") Type name(`: the same with arguments, none a call.
            let close = matching(source, next)?;
            let calls = source[next + 1..close].contains(&b'(');
            let (second, first) = next_mark(source, close);
            let told = (known || !calls) && word.contains(&b'_');
            let starts =
                is_word(first) && !WORDS.contains(&&source[second..word_end(source, second)]);
            (told && starts && declares(source, second)).then_some(close)
        }
        _ => None,
    }
}

/// Whether a declaration starts with the word at `at`: a name follows it.
fn declares(source: &[u8], at: usize) -> bool {
    let (mut third, mark) = next_mark(source, word_end(source, at));
    match mark {
        b'*' | b'&' => {
            while matches!(source.get(third), Some(b'*' | b'&' | b' ')) {
                third += 1;
            }
            source.get(third).is_some_and(|byte| is_word(*byte))
        }
        b':' => source.get(third + 1) == Some(&b':'),
        _ => is_word(mark) || mark == b'<',
    }
}

/// `class MARK Name {`, `class MARK(x) Name : Base`.
fn class_mark(source: &[u8], word: &[u8], end: usize, next: usize, mark: u8) -> Option<usize> {
    if matches!(word, b"final" | b"alignas" | b"class" | b"struct") {
        return None;
    }
    let (until, name, first) = if mark == b'(' {
        let close = matching(source, next)?;
        let (at, mark) = next_mark(source, close);
        (close, at, mark)
    } else {
        (end, next, mark)
    };
    if !is_word(first) {
        return None;
    }
    let after = word_end(source, name);
    if &source[name..after] == b"final" {
        return None;
    }
    let (at, mark) = next_mark(source, after);
    let opens = match mark {
        b'{' => true,
        b':' | b'<' => true,
        b';' => word.iter().all(|b| b.is_ascii_uppercase() || *b == b'_'),
        _ if is_word(mark) => {
            word.iter().all(|b| b.is_ascii_uppercase() || *b == b'_') || {
                let last = word_end(source, at);
                &source[at..last] == b"final"
            }
        }
        _ => false,
    };
    opens.then_some(until)
}

fn find(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn shift(before: &mut [Token; 3], token: Token) {
    *before = [token, before[0], before[1]];
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 128
}

fn word_end(source: &[u8], at: usize) -> usize {
    let rest = source[at..].iter();
    at + rest.take_while(|byte| is_word(**byte)).count()
}

/// Where the next token starts, and its first byte (0 at the end).
fn next_mark(source: &[u8], mut at: usize) -> (usize, u8) {
    while let Some(byte) = source.get(at) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            b'/' if matches!(source.get(at + 1), Some(b'/' | b'*')) => at = comment(source, at),
            _ => return (at, *byte),
        }
    }
    (at, 0)
}

/// Longest list of arguments of an annotation.
const LONGEST: usize = 400;

/// The byte after the parenthesis that closes the one at `at`.
fn matching(source: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0_u32;
    for (offset, byte) in source[at..].iter().take(LONGEST).enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + offset + 1);
                }
            }
            b'{' | b'}' | b';' => return None,
            _ => {}
        }
    }
    None
}

fn directive(source: &[u8], mut at: usize) -> usize {
    while let Some(byte) = source.get(at) {
        match byte {
            b'\\' => at += 2,
            b'\n' => break,
            b'/' if source.get(at + 1) == Some(&b'*') => at = comment(source, at),
            _ => at += 1,
        }
    }
    at.min(source.len())
}

fn comment(source: &[u8], at: usize) -> usize {
    let rest = &source[at..];
    let length = if rest[1] == b'/' {
        rest.iter().position(|byte| *byte == b'\n')
    } else {
        let inner = rest[2..].windows(2).position(|pair| pair == b"*/");
        inner.map(|length| length + 4)
    };
    at + length.unwrap_or(rest.len())
}

fn quoted(source: &[u8], start: usize) -> usize {
    let quote = source[start];
    let mut at = start + 1;
    while let Some(byte) = source.get(at) {
        match *byte {
            b'\\' => at += 1,
            b'\n' => return at,
            byte if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    source.len()
}

fn raw_string(source: &[u8], quote: usize) -> usize {
    let rest = &source[quote + 1..];
    let Some(open) = rest.iter().take(17).position(|byte| *byte == b'(') else {
        return quoted(source, quote);
    };
    let mut end = vec![b')'];
    end.extend_from_slice(&rest[..open]);
    end.push(b'"');
    let close = rest.windows(end.len()).position(|part| part == end);
    close.map_or(source.len(), |at| quote + 1 + at + end.len())
}
