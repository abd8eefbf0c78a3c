//! Symbols on the command line, and records on standard input.

use std::io::{BufRead, Read as _};
use std::path::Path;

use super::context::{Context, Opened};
use super::error::Error;
use crate::query;

/// The symbols that a verb is asked about.
#[derive(Clone, Debug, clap::Args)]
pub struct SymbolArgs {
    /// Symbols: `name`, `Class.name`, `path::Class.name`, `path` or `path:line`
    ///
    /// `-` reads them from standard input: records of any verb, or one to a line.
    #[arg(required = true, value_name = "SYMBOL")]
    pub symbols: Vec<String>,
}

/// Longest line that is read from standard input.
const MAX_LINE: u64 = 16 << 20;

/// What is asked for, `-` replaced by what standard input holds.
pub fn texts(arguments: &[String]) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for argument in arguments {
        if argument == "-" {
            found.extend(from_stdin()?);
        } else {
            found.push(argument.clone());
        }
    }
    Ok(found)
}

/// The bytes of a file, or of standard input for `-` and for nothing.
pub fn bytes(context: &Context, file: Option<&Path>) -> Result<Vec<u8>, Error> {
    match file {
        Some(path) if path != Path::new("-") => {
            let path = context.directory()?.join(path);
            std::fs::read(&path).map_err(|source| {
                Error::Git(crate::git::Error::Io {
                    action: "read",
                    path,
                    source,
                })
            })
        }
        _ => {
            let mut bytes = Vec::new();
            std::io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .map_err(|source| Error::Stream {
                    action: "read standard input",
                    source,
                })?;
            Ok(bytes)
        }
    }
}

fn from_stdin() -> Result<Vec<String>, Error> {
    let failed = |source| Error::Stream {
        action: "read standard input",
        source,
    };
    let mut input = std::io::stdin().lock();
    let mut found: Vec<String> = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = std::io::Read::take(&mut input, MAX_LINE).read_until(b'\n', &mut line);
        if read.map_err(failed)? == 0 {
            return Ok(found);
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        if let Some(name) = if text.starts_with('{') {
            from_record(text)?
        } else {
            Some(text.to_owned())
        } {
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
}

/// The symbol (or the place) that a record is about.
fn from_record(text: &str) -> Result<Option<String>, Error> {
    let value: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| Error::Usage(format!("standard input is not JSON lines: {error}")))?;
    if value.get("type").and_then(|kind| kind.as_str()) == Some("error") {
        return Ok(None);
    }
    if let Some(symbol) = value.get("symbol").and_then(|symbol| symbol.as_str()) {
        return Ok(Some(symbol.to_owned()));
    }
    let path = value.get("path").and_then(|path| path.as_str());
    let line = value.get("line").and_then(serde_json::Value::as_u64);
    Ok(path.map(|path| match line {
        Some(line) => format!("{path}:{line}"),
        None => path.to_owned(),
    }))
}

/// The nodes that the arguments mean, in the order they were asked for. A name
/// that means several lists them on standard error and means all of them.
pub fn nodes(context: &Context, opened: &Opened, arguments: &[String]) -> Result<Vec<u32>, Error> {
    let piped = arguments.iter().any(|argument| argument == "-");
    let mut found: Vec<u32> = Vec::new();
    let mut missing = None;
    for text in texts(arguments)? {
        let answer = query::find(&opened.snapshot, text.as_bytes())?;
        if answer.nodes.is_empty() {
            let nearest = answer
                .nearest
                .iter()
                .map(|name| String::from_utf8_lossy(name).into_owned())
                .collect();
            missing.get_or_insert(Error::NoSymbol { text, nearest });
            continue;
        }
        if answer.nodes.len() > 1 && !piped {
            let count = answer.nodes.len();
            context.warn(&format!(
                "`{text}` means {count} symbols; each record says which"
            ));
            for node in answer.nodes.iter().take(8) {
                let name = query::symbol_text(&opened.snapshot, *node)?;
                context.warn(&format!("  {}", String::from_utf8_lossy(&name)));
            }
        }
        for node in answer.nodes {
            if !found.contains(&node) {
                found.push(node);
            }
        }
    }
    match missing {
        Some(error) if found.is_empty() => Err(error),
        Some(error) => {
            context.warn(&error.to_string());
            Ok(found)
        }
        None => Ok(found),
    }
}
