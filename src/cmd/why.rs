//! `--explain`: how edges were found.

use std::time::Duration;

use super::context::{Context, DEADLINE};
use super::error::Error;
use super::folder::{self, FolderSource};
use super::opened::{Bytes, Opened};
use super::sources::{CommitSource, WorktreeSource, source_files};
use crate::git::{self, ObjectId};
use crate::index::{Mode, ObjectFormat, Owner, Source, SourceFile, Store, explain};
use crate::query::Why;

/// Whether to say how edges were found.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct ExplainArgs {
    /// Say how each was found, rule by rule
    ///
    /// From the site back to the definition: imports, assignments, arguments,
    /// written types, members and bases. `docs/explain.md` lists the rules. The
    /// files are linked once more for it.
    #[arg(long)]
    pub explain: bool,
}

impl Context {
    /// Runs a question that may want to know how edges were found.
    pub fn explained<R>(
        &self,
        opened: &Opened,
        args: ExplainArgs,
        then: impl FnOnce(&mut Why<'_, '_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        if !args.explain {
            return then(&mut Why::default());
        }
        match &opened.source {
            Bytes::Commit(repo) => {
                let commit = &opened.snapshot.segment().identity().commit;
                let commit = ObjectId::from_bytes(commit).map_err(|_| git::Error::UnsafePath {
                    path: String::new(),
                    reason: "the commit of the index is damaged",
                })?;
                let listing = repo.files(commit)?;
                let attributes = repo.attributes(&listing.files);
                let files = source_files(&listing.files, &attributes);
                let source = CommitSource {
                    repo: repo.clone(),
                    files: &files,
                };
                linked_again(opened, &self.store(repo)?, &files, &source, then)
            }
            Bytes::Worktree(worktree) => {
                let files = source_files(worktree.files(), worktree.attributes());
                let source = WorktreeSource::new(worktree);
                let store = self.store(&self.repo()?)?;
                linked_again(opened, &store, &files, &source, then)
            }
            Bytes::Folder(root) => {
                let files = folder::read(root)?;
                let source = FolderSource {
                    root,
                    files: &files,
                };
                let owner = Owner {
                    repository: Vec::new(),
                    object_format: ObjectFormat::Sha1,
                };
                let store = Store::open(&root.join(".happy"), owner, Mode::Memory)?;
                linked_again(opened, &store, &files, &source, then)
            }
        }
    }
}

fn linked_again<R>(
    opened: &Opened,
    store: &Store,
    files: &[SourceFile],
    source: &dyn Source,
    then: impl FnOnce(&mut Why<'_, '_>) -> Result<R, Error>,
) -> Result<R, Error> {
    let deadline: Duration = DEADLINE;
    explain(
        store,
        &opened.snapshot,
        files,
        source,
        deadline,
        |explanations| {
            then(&mut Why {
                explanations: Some(explanations),
                imported: opened.imported,
            })
        },
    )?
}
