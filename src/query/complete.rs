//! What a user may be about to write: names, containers' members, paths.

use std::collections::BTreeSet;

use super::Result;
use super::find::file_at;
use crate::index::Snapshot;

/// What `text` may become, at most `limit` of it, in order.
pub fn complete(snapshot: &Snapshot, text: &[u8], limit: usize) -> Result<Vec<Vec<u8>>> {
    let mut found = BTreeSet::new();
    if let Some(at) = text.windows(2).position(|pair| pair == b"::") {
        in_file(snapshot, &text[..at], &text[at + 2..], limit, &mut found)?;
    } else {
        paths(snapshot, text, limit, &mut found)?;
        match text.iter().rposition(|byte| *byte == b'.') {
            Some(at) => members(snapshot, &text[..at], &text[at + 1..], limit, &mut found)?,
            None => names(snapshot, text, limit, &mut found)?,
        }
    }
    Ok(found.into_iter().take(limit).collect())
}

/// `path::Container.name`
fn in_file(
    snapshot: &Snapshot,
    path: &[u8],
    begun: &[u8],
    limit: usize,
    found: &mut BTreeSet<Vec<u8>>,
) -> Result<()> {
    let Some(file) = file_at(snapshot, path)? else {
        return Ok(());
    };
    let record = snapshot.file(file)?;
    for node in record.symbols..record.symbols.saturating_add(record.symbols_len) {
        let name = snapshot.text(snapshot.symbol(node)?.qualified)?;
        if !name.is_empty() && name.starts_with(begun) && found.len() < limit {
            found.insert([path, b"::", name].concat());
        }
    }
    Ok(())
}

/// Files and folders, up to the next `/`.
fn paths(
    snapshot: &Snapshot,
    begun: &[u8],
    limit: usize,
    found: &mut BTreeSet<Vec<u8>>,
) -> Result<()> {
    let files = snapshot.files()?;
    let (mut low, mut high) = (0, files.len());
    while low < high {
        let middle = low.midpoint(high);
        if snapshot.text(files[middle].path)? < begun {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for file in &files[low..] {
        let path = snapshot.text(file.path)?;
        if !path.starts_with(begun) || found.len() >= limit {
            break;
        }
        let slash = path[begun.len()..].iter().position(|byte| *byte == b'/');
        found.insert(match slash {
            Some(at) => path[..=begun.len() + at].to_vec(),
            None => path.to_vec(),
        });
    }
    Ok(())
}

/// Names, by the sorted list of them.
fn names(
    snapshot: &Snapshot,
    begun: &[u8],
    limit: usize,
    found: &mut BTreeSet<Vec<u8>>,
) -> Result<()> {
    if begun.is_empty() {
        return Ok(());
    }
    let names = snapshot.names()?;
    for at in snapshot.name_position(begun)?..names.len() {
        let name = snapshot.text(names.get(at)?.name)?;
        if !name.starts_with(begun) || found.len() >= limit {
            break;
        }
        found.insert(name.to_vec());
    }
    Ok(())
}

/// `Container.name`
fn members(
    snapshot: &Snapshot,
    container: &[u8],
    begun: &[u8],
    limit: usize,
    found: &mut BTreeSet<Vec<u8>>,
) -> Result<()> {
    let last = container.rsplit(|byte| *byte == b'.').next();
    let last = last.unwrap_or(container);
    for &owner in snapshot.by_name(last)? {
        let symbol = snapshot.symbol(owner)?;
        let qualified = snapshot.text(symbol.qualified)?;
        let fits = qualified == container
            || (qualified.ends_with(container)
                && qualified[qualified.len() - container.len() - 1] == b'.');
        if !fits {
            continue;
        }
        let file = snapshot.file(symbol.file)?;
        let prefix = [qualified, b"."].concat();
        for node in file.symbols..file.symbols.saturating_add(file.symbols_len) {
            let name = snapshot.text(snapshot.symbol(node)?.qualified)?;
            let member = name.strip_prefix(prefix.as_slice());
            let direct = |name: &&[u8]| name.starts_with(begun) && !name.contains(&b'.');
            if let Some(name) = member.filter(direct)
                && found.len() < limit
            {
                found.insert([container, b".", name].concat());
            }
        }
    }
    Ok(())
}
