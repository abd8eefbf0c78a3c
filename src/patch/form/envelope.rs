//! The `*** Begin Patch` envelope: files added, deleted, updated and moved.

use super::{Lines, ParseError, content_line};
use crate::patch::edit::{Action, Chunk, Edit, Form, HunkLine, Side, Target};

const ADD: &[u8] = b"*** Add File: ";
const DELETE: &[u8] = b"*** Delete File: ";
const UPDATE: &[u8] = b"*** Update File: ";
const MOVE: &[u8] = b"*** Move to: ";
const END_OF_FILE: &[u8] = b"*** End of File";
const END: &[u8] = b"*** End Patch";

/// Whether a line is one that stands inside an envelope only.
pub(super) fn is_marker(line: &[u8]) -> bool {
    [ADD, DELETE, UPDATE, MOVE]
        .iter()
        .any(|marker| line.starts_with(marker))
        || line == END
}

fn error(line: usize, reason: &str) -> ParseError {
    ParseError {
        line,
        form: Some(Form::Envelope),
        reason: reason.into(),
    }
}

/// Reads an envelope from `*** Begin Patch` to `*** End Patch`.
pub(super) fn parse(lines: &mut Lines<'_>, edits: &mut Vec<Edit>) -> Result<(), ParseError> {
    let crlf = lines.peek_raw().is_some_and(|raw| raw.ends_with(b"\r\n"));
    let begun = lines.number();
    let before = edits.len();
    lines.next();
    loop {
        let at = lines.number();
        let Some(line) = lines.next().map(<[u8]>::trim_ascii_end) else {
            return Err(error(begun, "`*** Begin Patch` without `*** End Patch`"));
        };
        let (path, action) = if let Some(path) = line.strip_prefix(ADD) {
            (path, add(lines, crlf)?)
        } else if let Some(path) = line.strip_prefix(DELETE) {
            (
                path,
                Action::Delete {
                    content: None,
                    hash: None,
                },
            )
        } else if let Some(path) = line.strip_prefix(UPDATE) {
            (path, update(lines, crlf)?)
        } else if line == END {
            break;
        } else if line.is_empty() {
            continue;
        } else {
            return Err(error(
                at,
                "expected `*** Add File:`, `*** Update File:`, `*** Delete File:` or `*** End Patch`",
            ));
        };
        let target = Target::Path(path.trim_ascii().to_vec());
        edits.push(Edit {
            form: Form::Envelope,
            line: at,
            target,
            action,
        });
    }
    if edits.len() == before {
        return Err(error(begun, "the envelope is empty"));
    }
    Ok(())
}

fn add(lines: &mut Lines<'_>, crlf: bool) -> Result<Action, ParseError> {
    let mut content = Vec::new();
    while let Some(line) = lines.peek() {
        if line.starts_with(b"*** ") {
            break;
        }
        let at = lines.number();
        let raw = lines.next_raw().unwrap_or_default();
        let Some(text) = raw.strip_prefix(b"+") else {
            return Err(error(at, "a line of an added file begins with `+`"));
        };
        content.extend(content_line(text, crlf));
    }
    Ok(Action::Create {
        content,
        mode: None,
    })
}

fn update(lines: &mut Lines<'_>, crlf: bool) -> Result<Action, ParseError> {
    let begun = lines.number();
    let mut move_to = None;
    if let Some(path) = lines.peek().and_then(|line| line.strip_prefix(MOVE)) {
        move_to = Some(path.trim_ascii().to_vec());
        lines.next();
    }
    let mut chunks: Vec<Chunk> = Vec::new();
    // Whether the last chunk may still take lines.
    let mut open = false;
    // How many empty lines end each chunk: before a marker they are layout, since an
    // empty line of context is written as a space.
    let mut layout: Vec<usize> = Vec::new();
    while let Some(line) = lines.peek() {
        let at = lines.number();
        if line.trim_ascii_end() == END_OF_FILE {
            match chunks.last_mut() {
                Some(chunk) if open => chunk.at_end = true,
                _ => return Err(error(at, "`*** End of File` without lines above it")),
            }
            open = false;
        } else if line.starts_with(b"*** ") {
            break;
        } else if let Some(anchor) = line.strip_prefix(b"@@") {
            let fresh = !open || chunks.last().is_some_and(|chunk| !chunk.lines.is_empty());
            if fresh {
                chunks.push(chunk_at(at));
                layout.push(0);
                open = true;
            }
            let anchor = anchor_text(anchor);
            if let Some(chunk) = chunks.last_mut().filter(|_| !anchor.is_empty()) {
                chunk.anchors.push(anchor.to_vec());
            }
        } else {
            let raw = lines.peek_raw().unwrap_or_default();
            let (side, text) = match raw.first() {
                Some(b' ') => (Side::Both, &raw[1..]),
                Some(b'-') => (Side::Old, &raw[1..]),
                Some(b'+') => (Side::New, &raw[1..]),
                Some(b'\n' | b'\r') => (Side::Both, raw),
                _ => {
                    return Err(error(
                        at,
                        "a line of an update begins with a space, `+`, `-` or `@@`",
                    ));
                }
            };
            if !open {
                chunks.push(chunk_at(at));
                layout.push(0);
                open = true;
            }
            if let (Some(chunk), Some(empty)) = (chunks.last_mut(), layout.last_mut()) {
                *empty = if matches!(raw[0], b'\n' | b'\r') {
                    *empty + 1
                } else {
                    0
                };
                chunk.lines.push(HunkLine {
                    side,
                    text: content_line(text, crlf),
                });
            }
        }
        lines.next();
    }
    for (chunk, empty) in chunks.iter_mut().zip(layout) {
        chunk.lines.truncate(chunk.lines.len() - empty);
    }
    chunks.retain(|chunk| !chunk.lines.is_empty() || !chunk.anchors.is_empty());
    if chunks
        .iter()
        .any(|chunk| chunk.lines.iter().all(|line| line.side == Side::Both))
    {
        return Err(error(begun, "a chunk of the update changes nothing"));
    }
    if chunks.is_empty() && move_to.is_none() {
        return Err(error(begun, "the update changes nothing"));
    }
    Ok(Action::Chunks { chunks, move_to })
}

fn chunk_at(line: usize) -> Chunk {
    Chunk {
        line,
        anchors: Vec::new(),
        lines: Vec::new(),
        at_end: false,
    }
}

/// The anchor after `@@`; line numbers, as in a unified diff, say nothing here.
fn anchor_text(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    let numbered = text.first() == Some(&b'-')
        && text.get(1).is_some_and(u8::is_ascii_digit)
        && text.windows(2).any(|pair| pair == b"@@");
    let text = if numbered {
        let end = text.windows(2).position(|pair| pair == b"@@").unwrap_or(0);
        &text[end + 2..]
    } else {
        text.strip_suffix(b"@@").unwrap_or(text)
    };
    text.trim_ascii()
}
