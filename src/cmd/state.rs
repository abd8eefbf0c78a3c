//! Which state of the repository was asked, and what the index warns of.

use super::context::Opened;
use crate::git::Repo;
use crate::index::Warning;

/// Which state of the repository was asked, and whether that took indexing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The commit's id, or `worktree`, or `folder`.
    pub revision: String,
    /// What tells this state from others: the commit, or the worktree's content.
    pub key: Vec<u8>,
    /// Whether it had to be indexed now.
    pub built: bool,
}

impl State {
    /// The state that a snapshot is of.
    pub fn of(opened: &Opened) -> Self {
        let identity = opened.snapshot.segment().identity();
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let (revision, key) = if identity.commit.is_empty() {
            (opened.name.clone(), &identity.tree)
        } else {
            (hex(&identity.commit), &identity.commit)
        };
        Self {
            revision,
            key: key.clone(),
            built: opened.built,
        }
    }
}

/// A warning of the index as a sentence.
pub fn sentence(warning: &Warning) -> String {
    match warning {
        Warning::NotSaved { path } => {
            format!("`{}` is read-only; the index is not saved", path.display())
        }
        Warning::Upgraded { from, to } => {
            format!("the index is upgraded from format {from} to {to}")
        }
        Warning::NoLocks { path } => {
            format!("`{}` lies on a file system without locks", path.display())
        }
        Warning::Damaged { path, what } => {
            format!(
                "`{}` is damaged ({what}); it was built again",
                path.display()
            )
        }
    }
}

/// The name of a worktree among those that share an index.
pub fn worktree_name(repo: &Repo) -> String {
    if repo.is_linked_worktree() {
        let name = repo.git_dir().file_name().unwrap_or_default();
        return format!("linked-{}", name.to_string_lossy());
    }
    "main".to_owned()
}
