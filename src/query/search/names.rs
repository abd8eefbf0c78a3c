//! Symbols that the query names.

use super::super::find::exact;
use crate::index::Snapshot;
use crate::index::records::file_flag;
use crate::lang::DefKind;
use crate::lang::modules::{file_name, stem};
use crate::query::Result;

/// Most identifiers of a query that are looked up.
const MAX_NAMES: usize = 16;

/// Shortest part of a name that finds it.
const MIN_PART: usize = 3;
/// A name that a part of it finds is at most so many times longer.
const MAX_LONGER: usize = 4;
/// Most words that are looked up as one name.
const MAX_SPACED: usize = 4;
/// A folder that holds this part of the files is the project's own name.
const PROJECT: usize = 3;

/// A symbol that the query names.
pub struct Named {
    /// The symbol.
    pub node: u32,
    /// Its place among the symbols of that name.
    pub rank: usize,
    /// Whether the query is that name and nothing else.
    pub whole: bool,
}

/// The symbols that the query names, word after word, best first.
///
/// Of each word: symbols and files of that name, then what is the same but for
/// case, underscores and dollar signs; where there is neither, and the query is
/// that word alone, names that contain it. A few words are one name as well,
/// spelled with spaces.
pub fn named(snapshot: &Snapshot, text: &str) -> Result<Vec<Named>> {
    let text = text.trim();
    let whole = !text.contains(char::is_whitespace);
    let mut found: Vec<Named> = Vec::new();
    let mut add = |tiers: Vec<(Vec<u32>, bool)>| -> Result<()> {
        let mut rank = 0;
        for (nodes, whole) in tiers {
            for node in weighed(snapshot, nodes)? {
                if !found.iter().any(|hit| hit.node == node) {
                    found.push(Named { node, rank, whole });
                    rank += 1;
                }
            }
        }
        Ok(())
    };
    for word in identifiers(text, whole) {
        if !whole && is_project(snapshot, word)? {
            continue;
        }
        // As documentation writes a member: `Class#method`.
        let word = word.replace('#', ".");
        let word = word.trim_matches('.');
        let mut nodes = exact(snapshot, word.as_bytes())?;
        nodes.retain(|node| !snapshot.is_external(*node));
        let alike = names_like(snapshot, word, is_same)?;
        let files = files_named(snapshot, word)?;
        if nodes.is_empty() {
            nodes.extend(&alike);
        }
        nodes.extend(files);
        let mut tiers = vec![(nodes, whole), (alike, false)];
        if whole && tiers.iter().all(|tier| tier.0.is_empty()) && word.len() >= MIN_PART {
            tiers.push((names_like(snapshot, word, contains)?, false));
        }
        add(tiers)?;
    }
    if !whole && text.split_whitespace().count() <= MAX_SPACED {
        let joined: String = text.split_whitespace().collect();
        let nodes = names_like(snapshot, &joined, is_same)?;
        add(vec![(nodes, false)])?;
    }
    Ok(found)
}

/// The letters of a name by which it is the same as others: lower case, without
/// underscores and the like.
fn letters(name: &[u8]) -> impl Iterator<Item = u8> {
    name.iter()
        .filter(|byte| !matches!(byte, b'_' | b'-' | b'$'))
        .map(u8::to_ascii_lowercase)
}

fn flat(name: &[u8]) -> Vec<u8> {
    letters(name).collect()
}

/// Whether a name is `wanted`, which is flat.
fn is_same(name: &[u8], wanted: &[u8]) -> bool {
    name.len() >= wanted.len() && letters(name).eq(wanted.iter().copied())
}

fn contains(name: &[u8], part: &[u8]) -> bool {
    name.len() <= part.len() * MAX_LONGER
        && flat(name).windows(part.len()).any(|window| window == part)
}

/// Whether a word is the name of a folder that holds much of the project: its
/// own name, which says nothing in a question.
fn is_project(snapshot: &Snapshot, word: &str) -> Result<bool> {
    let wanted = flat(word.as_bytes());
    let files = snapshot.files()?;
    let mut inside = 0;
    for file in files {
        let path = snapshot.text(file.path)?;
        let mut folders = path.split(|byte| *byte == b'/').rev().skip(1);
        inside += usize::from(folders.any(|folder| is_same(folder, &wanted)));
    }
    Ok(inside * PROJECT > files.len())
}

/// Files that are called so, endings aside.
fn files_named(snapshot: &Snapshot, word: &str) -> Result<Vec<u32>> {
    let wanted = flat(word.as_bytes());
    let mut found = Vec::new();
    for file in snapshot.files()? {
        let name = file_name(snapshot.text(file.path)?);
        let path = snapshot.text(file.path)?;
        let is_tail = path.ends_with(word.as_bytes())
            && (path.len() == word.len() || path[path.len() - word.len() - 1] == b'/');
        if is_tail || is_same(stem(name), &wanted) {
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
            // `name(arguments)` names what is called.
            let word = match word.find('(') {
                Some(at) if at > 0 && word.contains(')') => &word[..=at],
                _ => word,
            };
            word.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '(' | '$'))
        })
        .filter(move |word| {
            let inner = word.get(1..).unwrap_or_default();
            whole
                || word.ends_with('(')
                || inner.contains(['_', ':', '.', '#', '/'])
                || inner.chars().any(char::is_uppercase) && word.chars().any(char::is_lowercase)
        })
        .map(|word| word.trim_end_matches('('))
        .filter(|word| !word.is_empty() && word.len() <= 200)
        .take(MAX_NAMES)
}

/// Symbols whose name agrees with the last part of `word`, case, underscores and
/// the like aside.
fn names_like(
    snapshot: &Snapshot,
    word: &str,
    agrees: impl Fn(&[u8], &[u8]) -> bool,
) -> Result<Vec<u32>> {
    let last = word.rsplit(['.', ':']).next().unwrap_or(word).as_bytes();
    let wanted = flat(last);
    let mut found = Vec::new();
    if wanted.len() < 2 {
        return Ok(found);
    }
    for record in snapshot.names()?.all()? {
        if record.name.len as usize >= wanted.len() && agrees(snapshot.text(record.name)?, &wanted)
        {
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
