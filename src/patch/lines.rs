//! Lines as bytes: a line ends at `\n`, and `\r` before it belongs to the ending.

/// The UTF-8 byte order mark.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// A text cut into lines, each with its ending.
pub(super) fn split(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// A line without its ending.
pub(super) fn body(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The ending of a line; empty on a last line that has none.
pub(super) fn ending(line: &[u8]) -> &[u8] {
    match line {
        [.., b'\r', b'\n'] => b"\r\n",
        [.., b'\n'] => b"\n",
        _ => b"",
    }
}

/// The leading blanks of a line.
pub(super) fn indent(line: &[u8]) -> &[u8] {
    let end = line
        .iter()
        .position(|byte| !matches!(byte, b' ' | b'\t'))
        .unwrap_or(line.len());
    &line[..end]
}

/// Whether a line holds nothing but blanks.
pub(super) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// The 1-based number of the line that holds the byte at `offset`.
pub(super) fn number_at(text: &[u8], offset: usize) -> usize {
    let before = &text[..offset.min(text.len())];
    memchr::memchr_iter(b'\n', before).count() + 1
}

/// How the lines of a text end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Endings {
    crlf: usize,
    lf: usize,
}

impl Endings {
    /// Counts the line endings of a text.
    pub(super) fn of(text: &[u8]) -> Self {
        let mut found = Self { crlf: 0, lf: 0 };
        let mut before = 0;
        for byte in text {
            if *byte == b'\n' {
                if before == b'\r' {
                    found.crlf += 1;
                } else {
                    found.lf += 1;
                }
            }
            before = *byte;
        }
        found
    }

    /// Whether the text has no line ending at all.
    pub(super) fn none(self) -> bool {
        self.crlf == 0 && self.lf == 0
    }

    /// The ending that most lines have; `\n` where there is no majority.
    pub(super) fn usual(self) -> &'static [u8] {
        if self.crlf > self.lf { b"\r\n" } else { b"\n" }
    }
}

/// A text with every line ending replaced by `ending`.
pub(super) fn with_endings(text: &[u8], ending: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 16);
    for line in split(text) {
        out.extend_from_slice(body(line));
        if line.ends_with(b"\n") {
            out.extend_from_slice(ending);
        } else if line.ends_with(b"\r") {
            out.push(b'\r');
        }
    }
    out
}

/// Why a content cannot be edited as text, if it cannot.
pub(super) fn not_text(content: &[u8]) -> Option<&'static str> {
    if content.starts_with(b"\xff\xfe") || content.starts_with(b"\xfe\xff") {
        Some("the file is UTF-16 text, which is not edited")
    } else if content.contains(&0) {
        Some("the file is binary")
    } else {
        None
    }
}
