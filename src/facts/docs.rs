//! Doc comments and signatures as plain text.

/// Longest doc text and signature that facts keep, in bytes.
const LIMIT: usize = 600;

/// A comment without its markers: the words, line by line.
pub(super) fn plain(comment: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(comment.len().min(LIMIT));
    for line in comment.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        let line = strip(
            line,
            &[b"/**", b"/*!", b"/*", b"///", b"//!", b"//", b"#", b"*/"],
        );
        let line = line.strip_suffix(b"*/").unwrap_or(line).trim_ascii();
        let line = match line.strip_prefix(b"*") {
            Some(rest) if rest.is_empty() || rest[0] == b' ' => rest.trim_ascii(),
            _ => line,
        };
        if line.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push(b'\n');
        }
        out.extend_from_slice(line);
        if out.len() >= LIMIT {
            break;
        }
    }
    truncate(&mut out);
    out
}

/// A signature on one line: white space folded.
pub(super) fn one_line(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len().min(LIMIT));
    let mut gap = false;
    for &byte in text {
        if byte.is_ascii_whitespace() {
            gap = !out.is_empty();
            continue;
        }
        if gap {
            out.push(b' ');
            gap = false;
        }
        out.push(byte);
        if out.len() >= LIMIT {
            break;
        }
    }
    truncate(&mut out);
    while matches!(out.last(), Some(b' ' | b'{' | b':' | b'=' | b';')) {
        if out.ends_with(b"::") {
            break;
        }
        out.pop();
    }
    out
}

fn strip<'a>(line: &'a [u8], markers: &[&[u8]]) -> &'a [u8] {
    markers
        .iter()
        .find_map(|marker| line.strip_prefix(*marker))
        .unwrap_or(line)
}

/// Cuts at the limit, between characters.
fn truncate(out: &mut Vec<u8>) {
    if out.len() > LIMIT {
        let mut end = LIMIT;
        while end > 0 && out[end] & 0xC0 == 0x80 {
            end -= 1;
        }
        out.truncate(end);
    }
}
