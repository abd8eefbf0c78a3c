//! Symbols that the query names.

use super::super::find::find;
use crate::index::Snapshot;
use crate::index::records::file_flag;
use crate::lang::DefKind;
use crate::lang::modules::{file_name, stem};
use crate::query::Result;

/// Most identifiers of a query that are looked up.
const MAX_NAMES: usize = 16;

/// The symbols that the query names, best first, and whether the query is that
/// name and nothing else.
pub fn named(snapshot: &Snapshot, text: &str) -> Result<Vec<(u32, bool)>> {
    let text = text.trim();
    let whole = !text.contains(char::is_whitespace);
    let mut found: Vec<(u32, bool)> = Vec::new();
    for word in identifiers(text, whole) {
        let mut nodes = find(snapshot, word.as_bytes())?.nodes;
        nodes.retain(|node| !snapshot.is_external(*node));
        if nodes.is_empty() {
            nodes = ignoring_case(snapshot, word)?;
        }
        nodes.extend(files_named(snapshot, word)?);
        for node in weighed(snapshot, nodes)? {
            if !found.iter().any(|hit| hit.0 == node) {
                found.push((node, whole));
            }
        }
    }
    Ok(found)
}

fn flat(name: &[u8]) -> Vec<u8> {
    name.iter()
        .filter(|byte| !matches!(byte, b'_' | b'-'))
        .map(u8::to_ascii_lowercase)
        .collect()
}

/// Files that are called so, endings aside.
fn files_named(snapshot: &Snapshot, word: &str) -> Result<Vec<u32>> {
    let wanted = flat(word.as_bytes());
    let mut found = Vec::new();
    for file in snapshot.files()? {
        let name = file_name(snapshot.text(file.path)?);
        if name.len() >= wanted.len() && flat(stem(name)) == wanted {
            found.push(file.symbols);
        }
    }
    Ok(found)
}

/// Parts of a query that look like identifiers: `snake_case`, `camelCase`,
/// `a.b`, `a::b`, `call()`; the query itself where it is one word.
fn identifiers(text: &str, whole: bool) -> impl Iterator<Item = &str> {
    text.split_whitespace()
        .map(|word| {
            word.trim_matches(|c: char| {
                !c.is_alphanumeric() && !matches!(c, '_' | '(' | ')' | '$' | '#')
            })
        })
        .filter(move |word| {
            let inner = word.get(1..).unwrap_or_default();
            whole
                || word.ends_with("()")
                || inner.contains(['_', ':', '.'])
                || inner.chars().any(char::is_uppercase) && word.chars().any(char::is_lowercase)
        })
        .map(|word| word.trim_end_matches("()"))
        .filter(|word| !word.is_empty() && word.len() <= 200)
        .take(MAX_NAMES)
}

fn ignoring_case(snapshot: &Snapshot, word: &str) -> Result<Vec<u32>> {
    let last = word.rsplit(['.', ':']).next().unwrap_or(word).as_bytes();
    let wanted = flat(last);
    let mut found = Vec::new();
    if wanted.len() < 2 {
        return Ok(found);
    }
    for record in snapshot.names()?.all()? {
        let len = record.name.len as usize;
        if len < wanted.len() || len > wanted.len() * 2 {
            continue;
        }
        if flat(snapshot.text(record.name)?) == wanted {
            found.extend_from_slice(snapshot.named(record)?);
        }
    }
    Ok(found)
}

/// Symbols of one name, the likeliest first: types and what is used more, and
/// code before its tests.
fn weighed(snapshot: &Snapshot, nodes: Vec<u32>) -> Result<Vec<u32>> {
    let ranks = snapshot.ranks()?;
    let mut keyed = Vec::with_capacity(nodes.len());
    for node in nodes {
        let record = snapshot.symbol(node)?;
        let kind = match record.kind {
            kind if kind == DefKind::Class as u32 || kind == DefKind::Interface as u32 => 1.5,
            kind if kind == DefKind::Variable as u32 => 0.5,
            _ => 1.0,
        };
        let rank = ranks.get(node as usize).copied().unwrap_or(1.0);
        let test = snapshot.file(record.file)?.flags & file_flag::TEST != 0;
        let test = if test { 0.2 } else { 1.0 };
        keyed.push((test * kind * (1.0 + rank.ln_1p()), node));
    }
    keyed.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    Ok(keyed.into_iter().map(|key| key.1).collect())
}
