//! The snapshot of a commit with what was imported for it, where there is any.

use crate::cmd::context::{Context, Opened};
use crate::cmd::error::Error;
use crate::cmd::opened::Bytes;
use crate::git::{ObjectId, Repo};
use crate::index::Store;

impl Context {
    /// The snapshot of a commit, with what was imported for it.
    pub fn open_commit(
        &self,
        repo: &Repo,
        store: &Store,
        commit: ObjectId,
    ) -> Result<Opened, Error> {
        let found = store.imported(commit.as_bytes());
        let there = !matches!(found, Ok(None));
        if let Some(snapshot) = self.usable(found)? {
            let opened = Opened {
                snapshot,
                name: commit.short(),
                built: false,
                prefix: repo.prefix().to_vec(),
                imported: true,
                source: Bytes::Commit(repo.clone()),
            };
            return self.tell_gaps(opened, &[]);
        }
        if there {
            let name = commit.short();
            self.warn(&format!(
                "what was imported for {name} cannot be used; import it again"
            ));
        }
        self.open_own(repo, store, commit)
    }
}
