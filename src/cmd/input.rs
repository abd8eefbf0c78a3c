//! Symbols on the command line, and records on standard input.

use std::ffi::OsString;
use std::io::{BufRead, Read as _};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustc_hash::FxHashSet;

use super::context::{Context, Opened};
use super::error::Error;
use crate::query::{self, Found};

/// The symbols that a verb is asked about.
#[derive(Clone, Debug, clap::Args)]
pub struct SymbolArgs {
    /// Symbols: `name`, `Class.name`, `path::Class.name`, `path` or `path:line`
    ///
    /// `-` reads them from standard input: records of any verb, or one to a line.
    #[arg(required = true, value_name = "SYMBOL")]
    pub symbols: Vec<OsString>,
}

/// Longest line that is read from standard input.
const MAX_LINE: u64 = 16 << 20;

/// What is asked for.
struct Asked {
    text: Vec<u8>,
    /// Whether a person wrote it, who may stand in a subfolder.
    typed: bool,
}

/// What is asked for, `-` replaced by what standard input holds.
fn asked(context: &Context, arguments: &[OsString]) -> Result<Vec<Asked>, Error> {
    let mut found = Vec::new();
    for argument in arguments {
        if argument == "-" {
            let piped = if let Some(piped) = context.piped.get() {
                piped
            } else {
                let read = match &context.input {
                    Some(input) => from_lines(&mut input.as_slice())?,
                    None => from_lines(&mut std::io::stdin().lock())?,
                };
                context.piped.get_or_init(|| read)
            };
            found.extend(piped.iter().map(|text| Asked {
                text: text.clone(),
                typed: false,
            }));
        } else {
            let text = argument.as_bytes().to_vec();
            found.push(Asked { text, typed: true });
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
            if let Some(input) = &context.input {
                return Ok(input.clone());
            }
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

fn from_lines(input: &mut impl BufRead) -> Result<Vec<Vec<u8>>, Error> {
    let failed = |source| Error::Stream {
        action: "read standard input",
        source,
    };
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut known = FxHashSet::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = std::io::Read::take(&mut *input, MAX_LINE).read_until(b'\n', &mut line);
        if read.map_err(failed)? == 0 {
            return Ok(found);
        }
        let text = line.trim_ascii();
        let name = match text.first() {
            None => None,
            Some(b'{') => from_record(text)?,
            Some(_) => Some(text.to_vec()),
        };
        if let Some(name) = name
            && known.insert(name.clone())
        {
            found.push(name);
        }
    }
}

/// The symbol (or the place) that a record is about.
fn from_record(text: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let value: serde_json::Value = serde_json::from_slice(text)
        .map_err(|error| Error::Usage(format!("standard input is not JSON lines: {error}")))?;
    if value.get("type").and_then(|kind| kind.as_str()) == Some("error") {
        return Ok(None);
    }
    if let Some(symbol) = value.get("symbol").and_then(of_value) {
        return Ok(Some(symbol));
    }
    let line = value.get("line").and_then(serde_json::Value::as_u64);
    Ok(value.get("path").and_then(of_value).map(|mut path| {
        if let Some(line) = line {
            path.extend_from_slice(format!(":{line}").as_bytes());
        }
        path
    }))
}

/// A text of a record: a string, or bytes in base64.
fn of_value(value: &serde_json::Value) -> Option<Vec<u8>> {
    match value.as_str() {
        Some(text) => Some(text.as_bytes().to_vec()),
        None => STANDARD.decode(value.get("bytes")?.as_str()?).ok(),
    }
}

/// A path as the user wrote it, from the root of the repository.
pub fn from_root(prefix: &[u8], path: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in prefix
        .split(|byte| *byte == b'/')
        .chain(path.split(|byte| *byte == b'/'))
    {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join(&b'/')
}

/// The symbols that a text means; `typed` where a person wrote it, who may
/// stand in a subfolder.
pub fn find(opened: &Opened, text: &[u8], typed: bool) -> Result<Found, Error> {
    // In a subfolder a path is meant from there, as completion writes it, unless
    // there is none: what records say is from the root.
    let relative = !opened.prefix.is_empty() || text.starts_with(b".");
    if typed && relative {
        let whole = from_root(&opened.prefix, text);
        let found = query::find(&opened.snapshot, &whole)?;
        if !found.nodes.is_empty() {
            return Ok(found);
        }
    }
    Ok(query::find(&opened.snapshot, text)?)
}

/// The nodes that the arguments mean, in the order they were asked for. A name
/// that means several lists them on standard error and means all of them.
pub fn nodes(
    context: &Context,
    opened: &Opened,
    arguments: &[OsString],
) -> Result<Vec<u32>, Error> {
    let mut found: Vec<u32> = Vec::new();
    let mut seen = FxHashSet::default();
    let mut missing = None;
    for asked in asked(context, arguments)? {
        let answer = find(opened, &asked.text, asked.typed)?;
        let text = String::from_utf8_lossy(&asked.text).into_owned();
        if answer.nodes.is_empty() {
            if let Some(previous) = missing.replace(no_symbol(text, &answer)) {
                context.warn(&previous.to_string());
            }
            continue;
        }
        if answer.nodes.len() > 1 && asked.typed {
            tell_candidates(context, opened, &text, &answer.nodes)?;
        }
        found.extend(answer.nodes.into_iter().filter(|node| seen.insert(*node)));
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

/// Nothing bears that name; what comes nearest.
pub fn no_symbol(text: String, found: &Found) -> Error {
    let nearest = found.nearest.iter();
    let nearest = nearest.map(|name| String::from_utf8_lossy(name).into_owned());
    Error::NoSymbol {
        text,
        nearest: nearest.collect(),
    }
}

/// Most candidates that are listed.
const CANDIDATES: usize = 8;

fn tell_candidates(
    context: &Context,
    opened: &Opened,
    text: &str,
    nodes: &[u32],
) -> Result<(), Error> {
    let count = nodes.len();
    let mut told = format!("`{text}` means {count} symbols; each record says which");
    for node in nodes.iter().take(CANDIDATES) {
        let name = query::symbol_text(&opened.snapshot, *node)?;
        told.push_str("\n  ");
        told.push_str(&String::from_utf8_lossy(&name));
    }
    if count > CANDIDATES {
        told.push_str(&format!("\n  and {} more", count - CANDIDATES));
    }
    context.warn(&told);
    Ok(())
}
