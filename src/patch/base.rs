//! What a patch is applied to: a state of the tree that answers for single paths.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::RepoPath;

/// The mode bits that Git keeps of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileMode {
    /// 100644.
    Regular,
    /// 100755.
    Executable,
}

impl FileMode {
    /// The mode as Git writes it, such as `100644`.
    pub fn octal(self) -> &'static str {
        match self {
            Self::Regular => "100644",
            Self::Executable => "100755",
        }
    }
}

/// A file: its bytes and its mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The whole content.
    pub bytes: Arc<[u8]>,
    /// Its mode.
    pub mode: FileMode,
}

/// What stands in the way at or above a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// A symbolic link, which is never followed.
    #[error("a symbolic link")]
    Symlink,
    /// Another repository.
    #[error("a submodule or nested repository")]
    Repository,
    /// A device, socket or pipe.
    #[error("a special file")]
    Special,
    /// A file where a folder is needed.
    #[error("a file")]
    File,
}

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    Missing,
    /// A file.
    File(File),
    /// A folder.
    Directory,
    /// Nothing that a patch may touch.
    Blocked {
        /// The path or the folder above it that blocks.
        at: RepoPath,
        /// What it is.
        by: Obstacle,
    },
}

/// A state of the tree: the worktree, a commit, or a map in memory.
pub trait Base {
    /// What a path names. A symbolic link is never followed.
    fn entry(&self, path: &RepoPath) -> io::Result<Entry>;

    /// The names in a folder (the top for `None`); empty where there is no folder.
    fn names(&self, folder: Option<&RepoPath>) -> io::Result<Vec<Vec<u8>>>;

    /// The content of a blob by its id or a unique prefix, for three-way merges.
    fn blob(&self, id: &str) -> io::Result<Option<Vec<u8>>> {
        let _ = id;
        Ok(None)
    }

    /// Whether names that differ only in case are the same file here.
    fn folds_case(&self) -> bool {
        false
    }
}

/// A base that is asked for each path once, so that all of a plan sees one state.
pub(super) struct Cached<'a> {
    base: &'a dyn Base,
    entries: RefCell<BTreeMap<RepoPath, Entry>>,
}

impl<'a> Cached<'a> {
    pub(super) fn new(base: &'a dyn Base) -> Self {
        Self {
            base,
            entries: RefCell::default(),
        }
    }
}

impl Base for Cached<'_> {
    fn entry(&self, path: &RepoPath) -> io::Result<Entry> {
        if let Some(known) = self.entries.borrow().get(path) {
            return Ok(known.clone());
        }
        let entry = self.base.entry(path)?;
        self.entries
            .borrow_mut()
            .insert(path.clone(), entry.clone());
        Ok(entry)
    }

    fn names(&self, folder: Option<&RepoPath>) -> io::Result<Vec<Vec<u8>>> {
        self.base.names(folder)
    }

    fn blob(&self, id: &str) -> io::Result<Option<Vec<u8>>> {
        self.base.blob(id)
    }

    fn folds_case(&self) -> bool {
        self.base.folds_case()
    }
}

/// A tree in memory.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: BTreeMap<RepoPath, File>,
    obstacles: BTreeMap<RepoPath, Obstacle>,
    blobs: BTreeMap<String, Vec<u8>>,
}

impl Memory {
    /// Puts a file into the tree.
    pub fn insert(&mut self, path: RepoPath, file: File) {
        self.files.insert(path, file);
    }

    /// Puts something into the tree that a patch may not touch.
    pub fn insert_obstacle(&mut self, path: RepoPath, obstacle: Obstacle) {
        self.obstacles.insert(path, obstacle);
    }

    /// Makes a content known by its hash, as an object database would.
    pub fn insert_blob(&mut self, bytes: &[u8]) {
        self.blobs
            .insert(super::content_hash(bytes), bytes.to_vec());
    }

    /// All files, in the order of their paths.
    pub fn files(&self) -> &BTreeMap<RepoPath, File> {
        &self.files
    }

    /// Carries out the changes of a plan.
    pub fn apply(&mut self, plan: &super::Plan) {
        for change in &plan.changes {
            if change.before.is_some() {
                self.files
                    .remove(change.from.as_ref().unwrap_or(&change.path));
            }
        }
        for change in &plan.changes {
            if let Some(file) = &change.after {
                self.files.insert(change.path.clone(), file.clone());
            }
        }
    }
}

impl Base for Memory {
    fn entry(&self, path: &RepoPath) -> io::Result<Entry> {
        for above in path.ancestors() {
            if self.files.contains_key(&above) {
                return Ok(Entry::Blocked {
                    at: above,
                    by: Obstacle::File,
                });
            }
            if let Some(by) = self.obstacles.get(&above) {
                return Ok(Entry::Blocked { at: above, by: *by });
            }
        }
        if let Some(by) = self.obstacles.get(path) {
            return Ok(Entry::Blocked {
                at: path.clone(),
                by: *by,
            });
        }
        if let Some(file) = self.files.get(path) {
            return Ok(Entry::File(file.clone()));
        }
        let found = self.names(Some(path))?;
        Ok(if found.is_empty() {
            Entry::Missing
        } else {
            Entry::Directory
        })
    }

    fn names(&self, folder: Option<&RepoPath>) -> io::Result<Vec<Vec<u8>>> {
        let prefix = folder.map_or_else(Vec::new, |path| [path.as_bytes(), b"/"].concat());
        let paths = self.files.keys().chain(self.obstacles.keys());
        let mut names: Vec<_> = paths
            .filter_map(|path| path.as_bytes().strip_prefix(prefix.as_slice()))
            .filter_map(|rest| rest.split(|byte| *byte == b'/').next())
            .map(<[u8]>::to_vec)
            .collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn blob(&self, id: &str) -> io::Result<Option<Vec<u8>>> {
        let mut found = self.blobs.iter().filter(|(known, _)| known.starts_with(id));
        Ok(match (found.next(), found.next()) {
            (Some((_, bytes)), None) => Some(bytes.clone()),
            _ => None,
        })
    }
}
