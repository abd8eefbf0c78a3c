//! From what a user writes to symbols: `name`, `Container.name`,
//! `path::Container.name`, `path`, `path:line`, `pypi:requests::get`.

use super::Result;
use crate::index::Snapshot;
use crate::lang::DefKind;

/// The symbols that a text means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The nodes, in order.
    pub nodes: Vec<u32>,
    /// Where there are none: the nearest names.
    pub nearest: Vec<Vec<u8>>,
}

/// Most suggestions that are made.
const SUGGESTIONS: usize = 5;

/// Finds the symbols that `text` means.
pub fn find(snapshot: &Snapshot, text: &[u8]) -> Result<Found> {
    let mut nodes = exact(snapshot, text)?;
    nodes.sort_unstable();
    nodes.dedup();
    let nearest = if nodes.is_empty() {
        nearest(snapshot, text)?
    } else {
        Vec::new()
    };
    Ok(Found { nodes, nearest })
}

/// The same without a look for near names.
pub(super) fn exact(snapshot: &Snapshot, text: &[u8]) -> Result<Vec<u32>> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(at) = text.windows(2).position(|pair| pair == b"::") {
        let (path, qualified) = (&text[..at], &text[at + 2..]);
        if let Some(file) = file_at(snapshot, path)? {
            let found = in_file(snapshot, file, qualified)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
    }
    if let Some(file) = file_at(snapshot, text)? {
        return Ok(vec![snapshot.file(file)?.symbols]);
    }
    if let Some(found) = at_line(snapshot, text)? {
        return Ok(found);
    }
    let external = externals(snapshot, text)?;
    if !external.is_empty() {
        return Ok(external);
    }
    by_qualified(snapshot, text)
}

/// The symbols of exactly that stable name, `path::Container.name`.
pub fn named(snapshot: &Snapshot, text: &[u8]) -> Result<Vec<u32>> {
    let at = text.windows(2).position(|pair| pair == b"::");
    let (path, qualified) = match at {
        Some(at) => (&text[..at], &text[at + 2..]),
        None => (text, &b""[..]),
    };
    let Some(file) = file_at(snapshot, path)? else {
        return Ok(Vec::new());
    };
    let record = snapshot.file(file)?;
    let mut found = Vec::new();
    for node in record.symbols..record.symbols.saturating_add(record.symbols_len) {
        if snapshot.text(snapshot.symbol(node)?.qualified)? == qualified {
            found.push(node);
        }
    }
    Ok(found)
}

/// The file of exactly that path.
pub fn file_at(snapshot: &Snapshot, path: &[u8]) -> Result<Option<u32>> {
    let path = path.strip_prefix(b"./").unwrap_or(path);
    let files = snapshot.files()?;
    let (mut low, mut high) = (0, files.len());
    while low < high {
        let middle = low.midpoint(high);
        if snapshot.text(files[middle].path)? < path {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let found = low < files.len() && snapshot.text(files[low].path)? == path;
    Ok(found.then_some(low as u32))
}

/// Symbols of a file whose qualified name is, or ends in, `qualified`.
fn in_file(snapshot: &Snapshot, file: u32, qualified: &[u8]) -> Result<Vec<u32>> {
    let record = snapshot.file(file)?;
    let range = record.symbols..record.symbols.saturating_add(record.symbols_len);
    let mut tails = Vec::new();
    for node in range {
        let name = snapshot.text(snapshot.symbol(node)?.qualified)?;
        if name == qualified {
            return Ok(vec![node]);
        }
        if ends_in(name, qualified) {
            tails.push(node);
        }
    }
    Ok(tails)
}

/// `path:line`: the innermost symbol around the line.
fn at_line(snapshot: &Snapshot, text: &[u8]) -> Result<Option<Vec<u32>>> {
    let Some(at) = text.iter().rposition(|byte| *byte == b':') else {
        return Ok(None);
    };
    let number = std::str::from_utf8(&text[at + 1..])
        .ok()
        .and_then(|text| text.parse::<u32>().ok());
    let (Some(line), Some(file)) = (number, file_at(snapshot, &text[..at])?) else {
        return Ok(None);
    };
    let record = snapshot.file(file)?;
    let mut best = record.symbols;
    let mut size = u32::MAX;
    for node in record.symbols..record.symbols.saturating_add(record.symbols_len) {
        let symbol = snapshot.symbol(node)?;
        let around = symbol.start_line <= line && line <= symbol.end_line;
        let lines = symbol.end_line.saturating_sub(symbol.start_line);
        if around && symbol.kind != DefKind::File as u32 && lines < size {
            (best, size) = (node, lines);
        }
    }
    Ok(Some(vec![best]))
}

fn externals(snapshot: &Snapshot, text: &[u8]) -> Result<Vec<u32>> {
    if !text.contains(&b':') {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for node in snapshot.meta().symbols..snapshot.nodes() {
        if snapshot.external(node)? == text {
            found.push(node);
        }
    }
    Ok(found)
}

/// `name` or `Container.name`; `::` serves as a dot.
fn by_qualified(snapshot: &Snapshot, text: &[u8]) -> Result<Vec<u32>> {
    let dotted = dots(text);
    let last = dotted
        .rsplit(|byte| *byte == b'.')
        .next()
        .unwrap_or(&dotted);
    let plain = last.split(|byte| *byte == b'#').next().unwrap_or(last);
    let mut found = Vec::new();
    for &node in snapshot.by_name(plain)? {
        let name = snapshot.text(snapshot.symbol(node)?.qualified)?;
        if dotted == plain || name == dotted || ends_in(name, &dotted) {
            found.push(node);
        }
    }
    Ok(found)
}

fn dots(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(byte) = rest.first() {
        if rest.starts_with(b"::") {
            out.push(b'.');
            rest = &rest[2..];
        } else {
            out.push(*byte);
            rest = &rest[1..];
        }
    }
    out
}

fn ends_in(name: &[u8], tail: &[u8]) -> bool {
    name.len() > tail.len() && name.ends_with(tail) && name[name.len() - tail.len() - 1] == b'.'
}

/// The names nearest to the last part of `text`.
fn nearest(snapshot: &Snapshot, text: &[u8]) -> Result<Vec<Vec<u8>>> {
    let dotted = dots(text);
    let wanted = dotted
        .rsplit(|byte| *byte == b'.')
        .next()
        .unwrap_or(&dotted)
        .to_ascii_lowercase();
    if wanted.is_empty() || wanted.len() > 64 {
        return Ok(Vec::new());
    }
    let wanted = String::from_utf8_lossy(&wanted).into_owned();
    let limit = (wanted.len() / 3).clamp(1, 4);
    let mut best: Vec<(usize, Vec<u8>)> = Vec::new();
    for record in snapshot.names()?.all()? {
        let name = snapshot.text(record.name)?;
        if name.len().abs_diff(wanted.len()) > limit {
            continue;
        }
        let lower = name.to_ascii_lowercase();
        let distance = strsim::osa_distance(&wanted, &String::from_utf8_lossy(&lower));
        if distance <= limit {
            best.push((distance, name.to_vec()));
        }
    }
    best.sort();
    Ok(best
        .into_iter()
        .take(SUGGESTIONS)
        .map(|(_, name)| name)
        .collect())
}
