//! SEARCH/REPLACE blocks under a path line, fenced or not.

use super::{Lines, ParseError, content_line};
use crate::patch::edit::{Action, Edit, Form, Target};

/// The path line that the next block stands under.
#[derive(Default)]
pub(super) struct Label {
    /// The last line of prose that is neither blank nor a fence.
    last: Option<Vec<u8>>,
    /// The path of the block before, for blocks that follow it without a path line.
    path: Option<Vec<u8>>,
}

impl Label {
    /// Notes a line that belongs to no edit.
    pub(super) fn prose(&mut self, line: &[u8]) {
        let line = line.trim_ascii();
        if !line.is_empty() && !line.starts_with(b"```") && !line.starts_with(b"~~~") {
            self.last = Some(line.to_vec());
        }
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        if let Some(path) = self.last.take().as_deref().and_then(path_in) {
            self.path = Some(path);
        }
        self.path.clone()
    }
}

/// The path in a line such as ``### `src/a.py`:``, if the line is a path.
fn path_in(line: &[u8]) -> Option<Vec<u8>> {
    let line = line.strip_suffix(b":").unwrap_or(line);
    let decoration = |byte: &u8| matches!(byte, b'#' | b'*' | b'`' | b' ' | b'\t' | b':');
    let start = line.iter().position(|byte| !decoration(byte))?;
    let end = line.iter().rposition(|byte| !decoration(byte))? + 1;
    let path = &line[start..end];
    let quoted = start > 0 && line[start - 1] == b'`';
    let spaced = path.iter().any(u8::is_ascii_whitespace);
    (quoted || !spaced).then(|| path.to_vec())
}

/// The length of the marker if a line opens a block.
pub(super) fn opens(line: &[u8]) -> Option<usize> {
    marker(line, b'<', b"SEARCH")
}

/// Whether a line closes a block.
pub(super) fn closes(line: &[u8]) -> bool {
    marker(line, b'>', b"REPLACE").is_some()
}

fn marker(line: &[u8], sign: u8, word: &[u8]) -> Option<usize> {
    let count = line.iter().take_while(|byte| **byte == sign).count();
    let rest = line[count..].trim_ascii_end();
    let named = rest
        .strip_prefix(b" ")
        .is_some_and(|rest| rest.trim_ascii() == word);
    ((5..=64).contains(&count) && named).then_some(count)
}

/// Reads one block. Its three markers have one length, so that a text with a line of
/// seven `=` can be written with eight.
pub(super) fn parse(lines: &mut Lines<'_>, label: &mut Label) -> Result<Edit, ParseError> {
    let line = lines.number();
    let error = |line: usize, reason: &str| ParseError {
        line,
        form: Some(Form::Blocks),
        reason: reason.into(),
    };
    let crlf = lines.peek_raw().is_some_and(|raw| raw.ends_with(b"\r\n"));
    let width = lines.next().and_then(opens).unwrap_or_default();
    let Some(path) = label.take() else {
        return Err(error(line, "a SEARCH block without a path line above it"));
    };
    let is_divider = |text: &[u8]| {
        let text = text.trim_ascii_end();
        text.len() == width && text.iter().all(|byte| *byte == b'=')
    };
    let is_end = |text: &[u8]| marker(text, b'>', b"REPLACE") == Some(width);
    let mut parts = [Vec::new(), Vec::new()];
    for (part, last) in [(0, false), (1, true)] {
        loop {
            let at = lines.number();
            let Some(raw) = lines.next_raw() else {
                return Err(error(line, "the input ends inside a SEARCH/REPLACE block"));
            };
            let text = crate::patch::lines::body(raw);
            if opens(text) == Some(width) {
                return Err(error(at, "a SEARCH marker inside a SEARCH/REPLACE block"));
            }
            match (is_divider(text), is_end(text)) {
                (true, _) if !last => break,
                (true, _) => {
                    return Err(error(
                        at,
                        "a second `=` divider in a SEARCH/REPLACE block; write its markers one sign longer",
                    ));
                }
                (_, true) if last => break,
                (_, true) => {
                    return Err(error(at, "a SEARCH/REPLACE block without its `=` divider"));
                }
                _ => parts[part].extend(content_line(raw, crlf)),
            }
        }
    }
    let [search, replace] = parts;
    let action = if search.is_empty() {
        Action::Create {
            content: replace,
            mode: None,
        }
    } else {
        Action::Replace {
            search,
            replace,
            whole_lines: true,
            hash: None,
        }
    };
    Ok(Edit {
        form: Form::Blocks,
        line,
        target: Target::Path(path),
        action,
    })
}
