//! From input text to edits. The four forms may stand in one input in any order,
//! with prose between them; each parser knows its form and nothing of the tree.

mod blocks;
mod envelope;
mod header;
mod records;
mod unified;

use super::edit::{Edit, Form};

/// Why an input is not a patch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ParseError {
    /// The 1-based line of the input.
    pub line: usize,
    /// The form that was being read, if one had begun.
    pub form: Option<Form>,
    /// What is wrong.
    pub reason: String,
}

/// Reads an input in any mixture of the four forms.
///
/// Text between edits is passed over, as Git passes over a commit message; what
/// looks like a broken edit is an error, since a half-read patch is a wrong patch.
pub fn parse(input: &[u8]) -> Result<Vec<Edit>, ParseError> {
    scan(input, None)
}

/// Reads an input in which one form alone is recognised.
pub fn parse_as(form: Form, input: &[u8]) -> Result<Vec<Edit>, ParseError> {
    scan(input, Some(form))
}

fn scan(input: &[u8], only: Option<Form>) -> Result<Vec<Edit>, ParseError> {
    if input.starts_with(b"\xff\xfe") || input.starts_with(b"\xfe\xff") {
        return Err(ParseError {
            line: 1,
            form: None,
            reason: "the input is UTF-16; save it as UTF-8".into(),
        });
    }
    let mut lines = Lines::new(input.strip_prefix(super::lines::BOM).unwrap_or(input));
    let mut edits = Vec::new();
    let mut label = blocks::Label::default();
    while let Some(line) = lines.peek() {
        let wanted = |form| only.is_none_or(|only| Some(only) == form);
        let begun = match begins(line, lines.peek_second(), lines.number()) {
            Err(fault) if wanted(fault.form) => return Err(fault),
            Ok(form) if wanted(form) => form,
            _ => None,
        };
        let Some(form) = begun else {
            label.prose(line);
            lines.next();
            continue;
        };
        match form {
            Form::Unified => edits.push(unified::parse(&mut lines)?),
            Form::Envelope => envelope::parse(&mut lines, &mut edits)?,
            Form::Record => edits.push(records::parse(&mut lines)?),
            Form::Blocks => {
                edits.push(blocks::parse(&mut lines, &mut label)?);
                continue;
            }
        }
        label = blocks::Label::default();
    }
    if edits.is_empty() {
        return Err(ParseError {
            line: 1,
            form: only,
            reason: "no edit found: expected a unified diff, `*** Begin Patch`, \
                     SEARCH/REPLACE blocks or edit records"
                .into(),
        });
    }
    Ok(edits)
}

/// The form that begins at a line, or why the line cannot stand outside one.
fn begins(line: &[u8], second: Option<&[u8]>, number: usize) -> Result<Option<Form>, ParseError> {
    let stray = |form, reason: &str| {
        Err(ParseError {
            line: number,
            form: Some(form),
            reason: reason.into(),
        })
    };
    if line.starts_with(b"diff --git ") {
        return Ok(Some(Form::Unified));
    }
    if line.starts_with(b"--- ") && second.is_some_and(|next| next.starts_with(b"+++ ")) {
        return Ok(Some(Form::Unified));
    }
    if unified::is_hunk_header(line) {
        return stray(Form::Unified, "a hunk without a file header above it");
    }
    if line.starts_with(b"diff --cc ") || line.starts_with(b"diff --combined ") {
        return stray(
            Form::Unified,
            "a combined diff of a merge cannot be applied",
        );
    }
    if line.starts_with(b"*** ") {
        let line = line.trim_ascii_end();
        if line == b"*** Begin Patch" {
            return Ok(Some(Form::Envelope));
        }
        if envelope::is_marker(line) {
            return stray(Form::Envelope, "this line needs `*** Begin Patch` above it");
        }
    }
    if blocks::opens(line).is_some() {
        return Ok(Some(Form::Blocks));
    }
    if blocks::closes(line) {
        return stray(
            Form::Blocks,
            "a REPLACE marker without a SEARCH marker above it",
        );
    }
    if records::is_record(line) {
        return Ok(Some(Form::Record));
    }
    Ok(None)
}

/// A cursor over the lines of the input.
struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
}

impl<'a> Lines<'a> {
    fn new(input: &'a [u8]) -> Self {
        Self {
            rest: input,
            number: 1,
        }
    }

    /// The 1-based number of the line that `peek` shows.
    fn number(&self) -> usize {
        self.number
    }

    /// The coming line without its ending.
    fn peek(&self) -> Option<&'a [u8]> {
        self.peek_raw().map(super::lines::body)
    }

    /// The coming line with its ending.
    fn peek_raw(&self) -> Option<&'a [u8]> {
        first_line(self.rest)
    }

    /// The line after the coming one.
    fn peek_second(&self) -> Option<&'a [u8]> {
        let first = first_line(self.rest)?;
        first_line(&self.rest[first.len()..]).map(super::lines::body)
    }

    /// Takes the coming line with its ending.
    fn next_raw(&mut self) -> Option<&'a [u8]> {
        let line = first_line(self.rest)?;
        self.rest = &self.rest[line.len()..];
        self.number += 1;
        Some(line)
    }

    /// Takes the coming line without its ending.
    fn next(&mut self) -> Option<&'a [u8]> {
        self.next_raw().map(super::lines::body)
    }
}

fn first_line(text: &[u8]) -> Option<&[u8]> {
    if text.is_empty() {
        return None;
    }
    let end = memchr::memchr(b'\n', text).map_or(text.len(), |at| at + 1);
    Some(&text[..end])
}

/// The content of a taken line: `\n` is put where the input ended without one, and
/// `\r` goes where the form's own lines had it, for then the input's transport put it.
fn content_line(raw: &[u8], transport_crlf: bool) -> Vec<u8> {
    let has_cr = raw.ends_with(b"\r\n") && !transport_crlf;
    let mut line = super::lines::body(raw).to_vec();
    if !raw.ends_with(b"\n") && raw.ends_with(b"\r") && !transport_crlf {
        line.push(b'\r');
    }
    line.extend_from_slice(if has_cr { b"\r\n" } else { b"\n" });
    line
}
