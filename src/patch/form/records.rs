//! Edit records: one JSON object per line, as every verb reads and writes them.

use base64::Engine as _;
use serde::Deserialize;

use super::{Lines, ParseError};
use crate::patch::edit::{Action, Edit, Form, Target};

/// Text, or bytes that are no UTF-8 as `{"bytes": base64}`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Plain(String),
    Encoded { bytes: String },
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Record {
    Edit {
        path: Option<Text>,
        symbol: Option<String>,
        search: Option<Text>,
        replace: Option<Text>,
        body: Option<Text>,
        hash: Option<String>,
    },
    Create {
        path: Text,
        content: Text,
        mode: Option<String>,
    },
    Delete {
        path: Text,
        hash: Option<String>,
    },
    Rename {
        path: Text,
        to: Text,
    },
    Mode {
        path: Text,
        mode: String,
    },
}

/// Whether a line is meant as a record: an object with a type.
pub(super) fn is_record(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let Some(rest) = line.strip_prefix(b"{") else {
        return false;
    };
    // `"type"` stands first by the contract; elsewhere it counts if the line is JSON.
    rest.trim_ascii_start().starts_with(b"\"type\"")
        || (line.ends_with(b"}")
            && serde_json::from_slice::<serde_json::Value>(line)
                .is_ok_and(|value| value.get("type").is_some()))
}

/// Reads the record on the coming line.
pub(super) fn parse(lines: &mut Lines<'_>) -> Result<Edit, ParseError> {
    let line = lines.number();
    let error = |reason: String| ParseError {
        line,
        form: Some(Form::Record),
        reason,
    };
    let text = lines.next().unwrap_or_default();
    let record: Record = serde_json::from_slice(text).map_err(|fault| error(fault.to_string()))?;
    let (target, action) = lower(record).map_err(error)?;
    Ok(Edit {
        form: Form::Record,
        line,
        target,
        action,
    })
}

fn lower(record: Record) -> Result<(Target, Action), String> {
    Ok(match record {
        Record::Edit {
            path,
            symbol,
            search,
            replace,
            body,
            hash,
        } => {
            let target = match (path, symbol) {
                (Some(path), None) => Target::Path(bytes(path)?),
                (None, Some(symbol)) => Target::Symbol(symbol),
                _ => return Err("an edit names either `path` or `symbol`".into()),
            };
            let action = match (search, replace, body) {
                (Some(search), Some(replace), None) => {
                    let search = bytes(search)?;
                    if search.is_empty() {
                        return Err("`search` is empty".into());
                    }
                    Action::Replace {
                        search,
                        replace: bytes(replace)?,
                        whole_lines: false,
                        hash,
                    }
                }
                (None, None, Some(body)) if matches!(target, Target::Symbol(_)) => Action::Body {
                    body: bytes(body)?,
                    hash,
                },
                (None, None, Some(_)) => {
                    return Err("`body` replaces a `symbol`, not a `path`".into());
                }
                _ => return Err("an edit has either `search` and `replace`, or `body`".into()),
            };
            (target, action)
        }
        Record::Create {
            path,
            content,
            mode,
        } => {
            let mode = mode.as_deref().map(octal).transpose()?;
            (
                Target::Path(bytes(path)?),
                Action::Create {
                    content: bytes(content)?,
                    mode,
                },
            )
        }
        Record::Delete { path, hash } => (
            Target::Path(bytes(path)?),
            Action::Delete {
                content: None,
                hash,
            },
        ),
        Record::Rename { path, to } => (
            Target::Path(bytes(path)?),
            Action::Rename { to: bytes(to)? },
        ),
        Record::Mode { path, mode } => (
            Target::Path(bytes(path)?),
            Action::SetMode {
                mode: octal(&mode)?,
            },
        ),
    })
}

fn bytes(text: Text) -> Result<Vec<u8>, String> {
    match text {
        Text::Plain(text) => Ok(text.into_bytes()),
        Text::Encoded { bytes } => base64::engine::general_purpose::STANDARD
            .decode(bytes)
            .map_err(|fault| format!("`bytes` is not base64: {fault}")),
    }
}

fn octal(text: &str) -> Result<u32, String> {
    let valid =
        (1..=7).contains(&text.len()) && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    let mode = valid.then(|| u32::from_str_radix(text, 8).ok()).flatten();
    mode.ok_or_else(|| format!("the mode `{text}` is not an octal number"))
}
