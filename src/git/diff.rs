//! What two trees differ in, without reading what they share.

use std::cmp::Ordering;

use super::tree::{Entry, MAX_ENTRIES, join};
use super::{Error, Mode, ObjectId, Repo, Result};

/// One path that two trees do not agree on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The path is only in the newer tree.
    Added {
        /// The path.
        path: Vec<u8>,
        /// What it is now.
        new: (Mode, ObjectId),
    },
    /// The path is only in the older tree.
    Deleted {
        /// The path.
        path: Vec<u8>,
        /// What it was.
        old: (Mode, ObjectId),
    },
    /// The path is in both, with another content or mode.
    Modified {
        /// The path.
        path: Vec<u8>,
        /// What it was.
        old: (Mode, ObjectId),
        /// What it is now.
        new: (Mode, ObjectId),
    },
}

impl Change {
    /// The path that changed.
    pub fn path(&self) -> &[u8] {
        match self {
            Self::Added { path, .. } | Self::Deleted { path, .. } | Self::Modified { path, .. } => {
                path
            }
        }
    }
}

/// Two folders of one path still to be compared; `None` where there is none.
type Pair = (Vec<u8>, Option<ObjectId>, Option<ObjectId>);

impl Repo {
    /// The changes from one commit or tree to another, sorted by path.
    ///
    /// A subtree with one id on both sides is not read. Renames are a deletion
    /// and an addition with the same blob id.
    pub fn diff_trees(&self, old: ObjectId, new: ObjectId) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        let new_root = self.tree_of(new)?;
        let mut pairs: Vec<Pair> = vec![(Vec::new(), Some(self.tree_of(old)?), Some(new_root))];
        while let Some((path, old, new)) = pairs.pop() {
            if old != new {
                let (old, new) = (self.sorted(old)?, self.sorted(new)?);
                compare(&path, &old, &new, &mut changes, &mut pairs);
            }
            if changes.len() + pairs.len() > MAX_ENTRIES {
                let reason = format!("it claims more than {MAX_ENTRIES} changes");
                return Err(Error::CorruptObject {
                    id: new_root,
                    reason,
                });
            }
        }
        changes.sort_unstable_by(|a, b| a.path().cmp(b.path()));
        Ok(changes)
    }

    fn sorted(&self, tree: Option<ObjectId>) -> Result<Vec<Entry>> {
        let Some(tree) = tree else {
            return Ok(Vec::new());
        };
        let (mut entries, _) = self.entries(tree)?;
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }
}

fn compare(
    path: &[u8],
    old: &[Entry],
    new: &[Entry],
    changes: &mut Vec<Change>,
    pairs: &mut Vec<Pair>,
) {
    let (mut olds, mut news) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let order = match (olds.peek(), news.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => old.name.cmp(&new.name),
        };
        let old = (order != Ordering::Greater).then(|| olds.next()).flatten();
        let new = (order != Ordering::Less).then(|| news.next()).flatten();
        if old == new {
            continue;
        }
        let Some(name) = old.or(new).map(|entry| &entry.name) else {
            return;
        };
        let path = join(path, name);
        let folder = |entry: Option<&Entry>| {
            entry
                .filter(|entry| entry.mode.is_none())
                .map(|entry| entry.id)
        };
        if folder(old).is_some() || folder(new).is_some() {
            pairs.push((path.clone(), folder(old), folder(new)));
        }
        let file = |entry: Option<&Entry>| entry.and_then(|entry| Some((entry.mode?, entry.id)));
        match (file(old), file(new)) {
            (Some(old), Some(new)) => changes.push(Change::Modified { path, old, new }),
            (Some(old), None) => changes.push(Change::Deleted { path, old }),
            (None, Some(new)) => changes.push(Change::Added { path, new }),
            (None, None) => {}
        }
    }
}
