//! Which symbols may be hits.

use super::super::names::KINDS;
use super::{SearchError, SearchOptions};
use crate::facts::format::def_flag;
use crate::index::Snapshot;
use crate::lang::{DefKind, languages};

/// Which symbols may be hits.
pub(super) struct Filter {
    kinds: Vec<u32>,
    files: Option<Vec<bool>>,
    within: Option<Vec<u32>>,
}

impl Filter {
    pub(super) fn new(snapshot: &Snapshot, options: &SearchOptions) -> Result<Self, SearchError> {
        let kinds = KINDS
            .iter()
            .filter(|(name, _)| options.kinds.iter().any(|wanted| wanted == name))
            .map(|(_, kind)| *kind as u32)
            .collect();
        let mut files = None;
        if options.path.is_some() || !options.languages.is_empty() {
            let mut kept = Vec::new();
            for file in snapshot.files()? {
                let path = snapshot.text(file.path)?;
                let language = languages()
                    .get(usize::from(file.language))
                    .map_or("", |spec| spec.name);
                let in_path = options.path.as_ref().is_none_or(|wanted| {
                    let wanted = wanted.strip_suffix(b"/").unwrap_or(wanted);
                    let wanted = wanted.strip_prefix(b"./").unwrap_or(wanted);
                    wanted.is_empty()
                        || wanted == b"."
                        || path
                            .strip_prefix(wanted)
                            .is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
                });
                let in_language = options.languages.is_empty()
                    || options.languages.iter().any(|wanted| wanted == language);
                kept.push(in_path && in_language);
            }
            files = Some(kept);
        }
        Ok(Self {
            kinds,
            files,
            within: options.within.clone(),
        })
    }

    /// Whether a symbol may be a hit. A damaged record may not.
    pub(super) fn keep(&self, snapshot: &Snapshot, node: u32) -> bool {
        let Ok(record) = snapshot.symbol(node) else {
            return false;
        };
        let kind = self.kinds.is_empty() || self.kinds.contains(&record.kind);
        let file = self
            .files
            .as_ref()
            .is_none_or(|files| files.get(record.file as usize) == Some(&true));
        kind && file
            && record.flags & def_flag::ANONYMOUS == 0
            && (record.kind == DefKind::File as u32 || record.name.len > 0)
            && self
                .within
                .as_ref()
                .is_none_or(|within| is_inside(snapshot, node, within))
    }
}

/// Whether a symbol stands inside one of `within`.
pub(super) fn is_inside(snapshot: &Snapshot, node: u32, within: &[u32]) -> bool {
    let mut at = node;
    for _ in 0..64 {
        let Ok(record) = snapshot.symbol(at) else {
            return false;
        };
        if at == record.parent {
            return false;
        }
        at = record.parent;
        if within.contains(&at) {
            return true;
        }
    }
    false
}
