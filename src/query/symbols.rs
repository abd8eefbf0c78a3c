//! Symbols by pattern, kind, language and file.

use super::Result;
use super::names::{KINDS, symbol};
use crate::index::Snapshot;
use crate::lang::{DefKind, languages};
use crate::record::Record;

/// Which symbols to list.
#[derive(Clone, Debug, Default)]
pub struct SymbolFilter {
    /// A pattern on the qualified name: `*` and `?` as in shells; without
    /// either, a part of the name.
    pub pattern: Option<Vec<u8>>,
    /// Kinds, as records name them.
    pub kinds: Vec<String>,
    /// Languages.
    pub languages: Vec<String>,
    /// Files whose path starts so, or is so.
    pub path: Option<Vec<u8>>,
}

/// The symbols that `filter` lets pass, by file and place.
pub fn symbols(
    snapshot: &Snapshot,
    filter: &SymbolFilter,
    mut emit: impl FnMut(Record) -> bool,
) -> Result<()> {
    let kinds: Vec<u32> = KINDS
        .iter()
        .filter(|(name, _)| filter.kinds.iter().any(|wanted| wanted == name))
        .map(|(_, kind)| *kind as u32)
        .collect();
    for file in snapshot.files()? {
        let path = snapshot.text(file.path)?;
        let in_path = filter.path.as_ref().is_none_or(|wanted| {
            path == wanted.as_slice()
                || path.strip_prefix(wanted.as_slice()).is_some_and(|rest| {
                    rest.starts_with(b"/") || wanted.is_empty() || wanted.ends_with(b"/")
                })
        });
        let language = languages()
            .get(usize::from(file.language))
            .map_or("", |spec| spec.name);
        let in_language =
            filter.languages.is_empty() || filter.languages.iter().any(|wanted| wanted == language);
        if !in_path || !in_language {
            continue;
        }
        for node in file.symbols..file.symbols.saturating_add(file.symbols_len) {
            let record = snapshot.symbol(node)?;
            let wanted_kind = if kinds.is_empty() {
                record.kind != DefKind::File as u32
            } else {
                kinds.contains(&record.kind)
            };
            if !wanted_kind {
                continue;
            }
            if let Some(pattern) = &filter.pattern {
                let name = if record.kind == DefKind::File as u32 {
                    path
                } else {
                    snapshot.text(record.qualified)?
                };
                if !matches(pattern, name) {
                    continue;
                }
            }
            let doc = snapshot.text(record.doc)?;
            let record = Record::Symbol {
                symbol: symbol(snapshot, node)?,
                doc: (!doc.is_empty()).then(|| doc.into()),
            };
            if !emit(record) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Shell-like matching, linear in pattern times name.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    if !pattern.iter().any(|byte| matches!(byte, b'*' | b'?')) {
        return name
            .windows(pattern.len().max(1))
            .any(|part| part.eq_ignore_ascii_case(pattern));
    }
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(byte) if *byte == b'?' || *byte == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    n = from + 1;
                    star = Some((at, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}
