//! The files of a commit and of a working tree, as the index takes them.

use crate::git::{self, Repo, Worktree};
use crate::index::{Source, SourceFile, records::file_flag};

/// The places of what is indexed among `files`.
fn indices(files: &[git::TreeFile]) -> Vec<usize> {
    (0..files.len())
        .filter(|at| is_file(files[*at].mode))
        .collect()
}

fn is_file(mode: git::Mode) -> bool {
    matches!(mode, git::Mode::File | git::Mode::Executable)
}

/// What is indexed of `files`, marked as the attributes say.
pub fn source_files(files: &[git::TreeFile], attributes: &git::Attributes) -> Vec<SourceFile> {
    files
        .iter()
        .filter(|file| is_file(file.mode))
        .map(|file| {
            let (mut flags, mut unflags) = (0, 0);
            if !attributes.is_empty() {
                let found = attributes.of(&file.path);
                for (value, flag) in [
                    (found.generated, file_flag::GENERATED),
                    (found.vendored, file_flag::VENDORED),
                ] {
                    match value {
                        Some(true) => flags |= flag,
                        Some(false) => unflags |= flag,
                        None => {}
                    }
                }
            }
            SourceFile {
                path: file.path.clone(),
                id: file.id,
                flags,
                unflags,
            }
        })
        .collect()
}

/// Reads the files of a commit.
pub struct CommitSource<'a> {
    /// Whose commit it is.
    pub repo: Repo,
    /// Its files.
    pub files: &'a [SourceFile],
}

impl Source for CommitSource<'_> {
    fn read(&self, at: usize) -> Result<Vec<u8>, git::Error> {
        self.repo.blob(self.files[at].id)
    }

    fn len(&self, at: usize) -> Option<u64> {
        self.repo.blob_header(self.files[at].id).ok()
    }
}

/// Reads the files of a working tree.
pub struct WorktreeSource<'a> {
    worktree: &'a Worktree,
    indices: Vec<usize>,
}

impl<'a> WorktreeSource<'a> {
    /// For the files that [`source_files`] gives of it.
    pub fn new(worktree: &'a Worktree) -> Self {
        let indices = indices(worktree.files());
        Self { worktree, indices }
    }
}

impl Source for WorktreeSource<'_> {
    fn read(&self, at: usize) -> Result<Vec<u8>, git::Error> {
        self.worktree.read(self.indices[at])
    }

    fn len(&self, at: usize) -> Option<u64> {
        match self.worktree.origin(self.indices[at]) {
            git::Origin::Local { size } => Some(size),
            git::Origin::Stored => {
                let id = self.worktree.files()[self.indices[at]].id;
                self.worktree.blob_len(id)
            }
        }
    }
}
