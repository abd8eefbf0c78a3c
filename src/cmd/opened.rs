//! A snapshot that was opened, with the files that it is of.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::Error;
use crate::git::{self, ObjectId, Repo, Worktree};
use crate::index::Snapshot;

/// A snapshot, and how to read the files that it is of.
pub struct Opened {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Its name for people: a commit's short id, or `worktree`.
    pub name: String,
    /// Whether it had to be built now.
    pub built: bool,
    /// Where in the repository the user stands: empty, or a path with `/` at its end.
    pub prefix: Vec<u8>,
    /// Whether edges of an imported index are in it.
    pub imported: bool,
    pub(super) source: Bytes,
}

/// Where the bytes of its files come from.
pub(super) enum Bytes {
    /// From the objects of the repository.
    Commit(Repo),
    /// From the working tree as it was looked at.
    Worktree(Arc<Worktree>),
    /// From a plain folder.
    Folder(PathBuf),
}

impl Opened {
    /// The bytes of a file of the snapshot.
    pub fn read(&self, file: u32) -> Result<Vec<u8>, Error> {
        let id = ObjectId::from_bytes(self.snapshot.blob(file)?).map_err(|_| {
            git::Error::UnsafePath {
                path: String::new(),
                reason: "its id is damaged",
            }
        })?;
        let path = self.snapshot.text(self.snapshot.file(file)?.path)?;
        match &self.source {
            Bytes::Commit(repo) => Ok(repo.blob(id)?),
            Bytes::Worktree(worktree) => {
                let at = worktree
                    .files()
                    .binary_search_by(|file| file.path.as_slice().cmp(path));
                match at {
                    Ok(at) => Ok(worktree.read(at)?),
                    Err(_) => Err(git::Error::MissingObject { id }.into()),
                }
            }
            Bytes::Folder(root) => read_plain(root, path),
        }
    }
}

fn read_plain(root: &Path, path: &[u8]) -> Result<Vec<u8>, Error> {
    use std::os::unix::ffi::OsStrExt;
    let path = root.join(std::ffi::OsStr::from_bytes(path));
    std::fs::read(&path).map_err(|source| {
        git::Error::Io {
            action: "read",
            path,
            source,
        }
        .into()
    })
}
