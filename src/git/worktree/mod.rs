//! The working tree as it is now: what Git tracks, as it lies on disk, and what
//! is new and not ignored.
//!
//! A file whose stat data the index vouches for is not read. Every other one is
//! hashed as Git would store it, save that no filter is ever run.

mod build;
mod cache;
mod convert;
mod ignore;
mod index;
mod open;
mod stat;
mod walk;

use rustc_hash::FxHashMap;

pub use self::cache::StatCache;
use self::convert::Conversion;
use self::index::Index;
use self::open::Root;
use super::{Attributes, Error, Mode, ObjectFormat, ObjectId, Repo, Result, TreeFile};

/// Past this size a file is known by its stat data alone: nothing parses it,
/// and hashing it would cost seconds.
const LARGE: u64 = 32 << 20;

/// Where the bytes of a file are to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the object database, under the file's id.
    Stored,
    /// Only in the working tree.
    Local {
        /// The size on disk in bytes.
        size: u64,
    },
}

/// A path that could not be looked at, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The file or folder.
    pub path: Vec<u8>,
    /// What the system said.
    pub reason: String,
}

/// The state of the working tree at one moment.
pub struct Worktree {
    repo: Repo,
    root: Root,
    conversion: Conversion,
    attributes: Attributes,
    files: Vec<TreeFile>,
    origins: Vec<Origin>,
    unreadable: Vec<Unreadable>,
    nested: Vec<Vec<u8>>,
    /// What the index has for files that lie changed in the working tree.
    indexed: FxHashMap<Vec<u8>, ObjectId>,
    /// The tree that the index makes up, if Git noted it.
    indexed_tree: Option<ObjectId>,
    cache: StatCache,
    /// True if `files` are those of the index, with nothing local.
    as_indexed: bool,
}

impl Repo {
    /// Looks at the working tree.
    ///
    /// # Errors
    ///
    /// [`Error::NoWorkTree`] in a bare repository, [`Error::CorruptIndex`] if
    /// Git's index cannot be read. A file or folder that cannot be read is
    /// named in [`Worktree::unreadable`].
    pub fn worktree(&self) -> Result<Worktree> {
        self.worktree_with(&StatCache::default())
    }

    /// Looks at the working tree, without reading again what `known` tells of
    /// files that have not been touched since.
    pub fn worktree_with(&self, known: &StatCache) -> Result<Worktree> {
        let now = seconds_now();
        let root = Root::open(self.require_work_dir()?)?;
        let index = Index::read(self)?;
        let scan = walk::scan(self, &root, &index.tracked);
        build::build(self, root, &index, scan, known, now)
    }

    /// The raw bytes of a file of the working tree, or the target's text of a
    /// symbolic link; no symbolic link is ever followed.
    ///
    /// # Errors
    ///
    /// [`Error::UnsafePath`] for a path that leaves the working tree, names
    /// `.git`, lies behind a symbolic link or is no regular file.
    pub fn read_worktree_file(&self, path: &[u8]) -> Result<Vec<u8>> {
        let root = Root::open(self.require_work_dir()?)?;
        root.read(path).map(|content| content.bytes)
    }
}

impl Worktree {
    /// The files that are there, sorted by path.
    pub fn files(&self) -> &[TreeFile] {
        &self.files
    }

    /// Where the bytes of `files()[at]` are.
    pub fn origin(&self, at: usize) -> Origin {
        self.origins[at]
    }

    /// What could not be looked at, sorted by path.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// Untracked folders that are repositories of their own, not entered.
    pub fn nested(&self) -> &[Vec<u8>] {
        &self.nested
    }

    /// The attributes that hold in the working tree.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// What was found out by reading, for [`Repo::worktree_with`].
    pub fn stat_cache(&self) -> &StatCache {
        &self.cache
    }

    /// The bytes of `files()[at]` as Git would store them: what its id is the
    /// hash of. Of a symbolic link, the target's text.
    ///
    /// # Errors
    ///
    /// [`Error::Unstable`] if the file has changed since it was looked at, and
    /// what [`super::Objects::blob`] and [`Repo::read_worktree_file`] say.
    pub fn read(&self, at: usize) -> Result<Vec<u8>> {
        let file = &self.files[at];
        if self.origins[at] == Origin::Stored {
            match self.repo.blob(file.id) {
                // A partial clone has the file on disk though the object is not here.
                Err(Error::MissingObject { id }) if file.mode != Mode::Submodule => {
                    return self
                        .read_local(file)
                        .map_err(|_| Error::MissingObject { id });
                }
                result => return result,
            }
        }
        self.read_local(file)
    }

    /// The length of a stored blob, if it is here.
    pub fn blob_len(&self, id: ObjectId) -> Option<u64> {
        self.repo.blob_header(id).ok()
    }

    /// A key of this state: equal keys mean equal paths, modes and contents.
    pub fn id(&self) -> ObjectId {
        let mut text = Vec::with_capacity(self.files.len() * 80);
        for file in &self.files {
            text.extend_from_slice(&(file.path.len() as u64).to_le_bytes());
            text.extend_from_slice(&file.path);
            text.push(file.mode as u8);
            text.extend_from_slice(file.id.as_bytes());
        }
        id_of(self.repo.object_format(), &text)
    }

    /// True if the working tree holds exactly the files of a commit or tree.
    pub fn is_clean_against(&self, commit_or_tree: ObjectId) -> Result<bool> {
        let tree = self.repo.tree_of(commit_or_tree)?;
        match self.indexed_tree {
            // The index makes up that tree, so whatever differs from it differs here.
            Some(indexed) if indexed == tree || self.as_indexed => {
                Ok(indexed == tree && self.as_indexed)
            }
            _ => Ok(self.repo.files(tree)?.files == self.files),
        }
    }

    fn read_local(&self, file: &TreeFile) -> Result<Vec<u8>> {
        // Once more if it changed while it was read; then it is not to be had.
        for _ in 0..2 {
            let content = self.root.read(&file.path)?;
            if content.stat.st_size as u64 > LARGE {
                return Ok(content.bytes);
            }
            let stored = || {
                self.indexed
                    .get(&file.path)
                    .and_then(|id| self.repo.blob(*id).ok())
            };
            let bytes = self
                .conversion
                .clean(content, &file.path, &self.attributes, stored);
            if id_of(self.repo.object_format(), &bytes) == file.id {
                return Ok(bytes);
            }
        }
        Err(Error::Unstable {
            path: String::from_utf8_lossy(&file.path).into_owned(),
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the age of files is judged here, by the clock of the machine"
)]
fn seconds_now() -> u32 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map(|time| time.as_secs() as u32).unwrap_or_default()
}

/// The id of these bytes as a blob; for a known attack on SHA-1, one that no
/// object has.
fn id_of(format: ObjectFormat, bytes: &[u8]) -> ObjectId {
    ObjectId::of_blob(format, bytes).unwrap_or_else(|| {
        let mut attack = b"collision\0".to_vec();
        attack.extend_from_slice(&xxhash_rust::xxh3::xxh3_128(bytes).to_le_bytes());
        attack.resize(format.len(), 0);
        ObjectId::from_bytes(&attack).unwrap_or_else(|_| ObjectId::null(format))
    })
}
