//! The folder `.git/happy/`: finding what is indexed. Reading takes no lock.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use super::error::Error;
use super::header::{FORMAT_VERSION, Identity, Kind, ObjectFormat};
use super::io::{Entry, EntryKind, StoreFile, StoreIo, ensure_dir, list, refuse_link, stat};
use super::layout::{self, Format};
use super::memory::MemoryIo;
use super::packs::FactsPacks;
use super::real::RealIo;
use super::segment::{Bytes, Segment};
use super::writer::Writer;

/// Where what is written goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// To the disk; to memory, with a [`Warning`], if the disk is read-only.
    #[default]
    Disk,
    /// To memory, over what the disk has.
    Memory,
}

/// Whose index it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owner {
    /// Names the repository, in at most 32 bytes.
    pub repository: Vec<u8>,
    /// The hash its objects are named by.
    pub object_format: ObjectFormat,
}

impl Owner {
    /// What a segment of this repository says of itself; an empty id stands
    /// for none.
    pub fn identity(&self, commit: &[u8], tree: &[u8], fingerprint: u64) -> Identity {
        Identity {
            repository: self.repository.clone(),
            object_format: self.object_format,
            commit: commit.to_vec(),
            tree: tree.to_vec(),
            fingerprint,
        }
    }
}

/// Something to tell the user, though the answer is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// The folder cannot be written; the index is kept in memory.
    NotSaved {
        /// The folder.
        path: PathBuf,
    },
    /// An older format was put aside; everything is indexed anew.
    Upgraded {
        /// The version that was found.
        from: u32,
        /// The version that is written.
        to: u32,
    },
    /// The file system has no locks; a file stands in for one.
    NoLocks {
        /// The folder.
        path: PathBuf,
    },
    /// Something damaged was put aside and is made again.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was wrong with it.
        what: String,
    },
}

/// A snapshot in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The commit, or the key of the worktree's state.
    pub id: Vec<u8>,
    /// Length in bytes.
    pub len: u64,
    /// When it was written.
    pub modified: SystemTime,
    /// The file.
    pub path: PathBuf,
}

/// An index, as found by its folder. It can be shared between threads.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    owner: Owner,
    mode: Mode,
    io: RwLock<Arc<dyn StoreIo>>,
    warnings: Mutex<Vec<Warning>>,
    /// The folder has an older format, which is not read.
    outdated: AtomicBool,
}

impl Store {
    /// Opens the index in the folder `root`, which need not exist yet; nothing
    /// is written. An index of a newer format is refused.
    pub fn open(root: &Path, owner: Owner, mode: Mode) -> Result<Self, Error> {
        Self::open_on(Arc::new(RealIo::default()), root, owner, mode)
    }

    /// The same, on any disk.
    pub fn open_on(
        io: Arc<dyn StoreIo>,
        root: &Path,
        owner: Owner,
        mode: Mode,
    ) -> Result<Self, Error> {
        let store = Self {
            root: root.to_owned(),
            owner,
            mode,
            io: RwLock::new(io),
            warnings: Mutex::default(),
            outdated: AtomicBool::new(false),
        };
        if stat(&*store.io(), root)?.is_some_and(|found| found.kind != EntryKind::Dir) {
            return Err(Error::Refused {
                path: root.to_owned(),
                what: "is not a folder",
            });
        }
        store.check_format()?;
        Ok(store)
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whose index it is.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The disk as it is used now: in memory once the real one was found to be
    /// read-only.
    pub fn io(&self) -> Arc<dyn StoreIo> {
        Arc::clone(&self.io.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What there is to tell the user since this was last asked.
    pub fn warnings(&self) -> Vec<Warning> {
        std::mem::take(&mut *self.warnings_mut())
    }

    /// The snapshot of `commit`. A damaged or foreign one is an error that
    /// [`Error::is_rebuildable`]: publishing a new one puts it aside.
    pub fn snapshot(&self, commit: &[u8]) -> Result<Option<Segment>, Error> {
        let path = self.snapshot_path(commit);
        self.find(&path, Kind::Snapshot, &self.owner.identity(commit, &[], 0))
    }

    /// The snapshot of `commit` with the edges of an index that was imported.
    pub fn imported(&self, commit: &[u8]) -> Result<Option<Segment>, Error> {
        let path = self.imported_path(commit);
        self.find(&path, Kind::Snapshot, &self.owner.identity(commit, &[], 0))
    }

    /// The commits that have an imported index.
    pub fn imports(&self) -> Result<Vec<Listed>, Error> {
        self.listed(&self.root.join(layout::IMPORTED))
    }

    /// The snapshot of the state `key` of the worktree `id`.
    pub fn worktree(&self, id: &str, key: &[u8]) -> Result<Option<Segment>, Error> {
        let path = self.worktree_path(id, key);
        self.find(&path, Kind::Snapshot, &self.owner.identity(&[], key, 0))
    }

    /// The vectors of an embedding model.
    pub fn vectors(&self, model: &str) -> Result<Option<Segment>, Error> {
        let path = self.vectors_path(model);
        self.find(&path, Kind::Vectors, &self.owner.identity(&[], &[], 0))
    }

    /// The facts of one extractor's fingerprint.
    pub fn packs(&self, fingerprint: u64) -> Result<FactsPacks, Error> {
        if self.outdated.load(Ordering::Relaxed) {
            return Ok(FactsPacks::empty());
        }
        let dir = layout::facts_dir(&self.root, fingerprint);
        FactsPacks::open(
            &*self.io(),
            &dir,
            &self.owner.identity(&[], &[], fingerprint),
        )
    }

    /// The commits that have a snapshot, newest snapshot first.
    pub fn snapshots(&self) -> Result<Vec<Listed>, Error> {
        self.listed(&self.root.join(layout::COMMITS))
    }

    /// The states of the worktree `id` that have a snapshot, newest first.
    pub fn worktree_states(&self, id: &str) -> Result<Vec<Listed>, Error> {
        self.listed(&self.root.join(layout::WORKTREE).join(layout::file_name(id)))
    }

    /// Becomes the one writer, waiting for at most `timeout` for another.
    /// Removes what writers that died have left in `tmp/`.
    pub fn write(&self, timeout: Duration, now: SystemTime) -> Result<Writer<'_>, Error> {
        if self.mode == Mode::Memory {
            self.keep_in_memory(now);
        }
        match Writer::begin(self, timeout, now) {
            Err(error) if error.is_read_only() => {
                // Of two threads that find this at once, one says it.
                if self.keep_in_memory(now) {
                    let path = self.root.clone();
                    self.warn(Warning::NotSaved { path });
                }
                Writer::begin(self, timeout, now)
            }
            begun => begun,
        }
    }

    /// Opens the log `name` of the run `run` to add lines to it, and makes it
    /// where there is none. A run is its own only writer and takes no lock.
    pub fn run_log(&self, run: &str, name: &str) -> Result<Box<dyn StoreFile>, Error> {
        let io = self.io();
        let path = self.run_path(run, name);
        refuse_link(&*io, &self.root.join(layout::RUNS))?;
        if let Some(dir) = path.parent() {
            ensure_dir(&*io, dir)?;
        }
        io.append(&path)
            .map_err(|error| Error::io("open", &path, error))
    }

    /// What the log `name` of the run `run` holds so far.
    pub fn read_run(&self, run: &str, name: &str) -> Result<Option<Arc<Bytes>>, Error> {
        let path = self.run_path(run, name);
        match self
            .io()
            .read(&path)
            .map_err(|error| Error::io("read", &path, error))
        {
            Err(error) if error.is_not_found() => Ok(None),
            read => read.map(Some),
        }
    }

    /// The runs, sorted by name.
    pub fn runs(&self) -> Result<Vec<Entry>, Error> {
        list(&*self.io(), &self.root.join(layout::RUNS))
    }

    fn run_path(&self, run: &str, name: &str) -> PathBuf {
        let dir = self.root.join(layout::RUNS).join(layout::file_name(run));
        dir.join(layout::file_name(name))
    }

    pub(super) fn snapshot_path(&self, commit: &[u8]) -> PathBuf {
        self.root.join(layout::COMMITS).join(layout::hex(commit))
    }

    pub(super) fn imported_path(&self, commit: &[u8]) -> PathBuf {
        self.root.join(layout::IMPORTED).join(layout::hex(commit))
    }

    pub(super) fn worktree_path(&self, id: &str, key: &[u8]) -> PathBuf {
        self.root
            .join(layout::WORKTREE)
            .join(layout::file_name(id))
            .join(layout::hex(key))
    }

    pub(super) fn vectors_path(&self, model: &str) -> PathBuf {
        self.root
            .join(layout::VECTORS)
            .join(layout::file_name(model))
    }

    pub(super) fn warn(&self, warning: Warning) {
        self.warnings_mut().push(warning);
    }

    /// Refuses a newer format; says which older one there is.
    pub(super) fn check_format(&self) -> Result<Format, Error> {
        let found = layout::read_format(&*self.io(), &self.root)?;
        if let Format::Newer(found) = found {
            return Err(Error::NewerFormat {
                path: self.root.clone(),
                found,
                ours: FORMAT_VERSION,
            });
        }
        self.outdated
            .store(matches!(found, Format::Older(_)), Ordering::Relaxed);
        Ok(found)
    }

    /// Called once the older format has been put aside.
    pub(super) fn is_upgraded(&self) {
        self.outdated.store(false, Ordering::Relaxed);
    }

    /// Writes to memory from now on; says whether that is new.
    fn keep_in_memory(&self, now: SystemTime) -> bool {
        let mut io = self.io.write().unwrap_or_else(PoisonError::into_inner);
        let durable = io.is_durable();
        if durable {
            *io = Arc::new(MemoryIo::over(Arc::clone(&io), now));
        }
        durable
    }

    fn warnings_mut(&self) -> MutexGuard<'_, Vec<Warning>> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, path: &Path, kind: Kind, expected: &Identity) -> Result<Option<Segment>, Error> {
        if self.outdated.load(Ordering::Relaxed) {
            return Ok(None);
        }
        match Segment::open(&*self.io(), path) {
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
            Ok(segment) => segment.expect(kind, expected).map(|()| Some(segment)),
        }
    }

    pub(super) fn listed(&self, dir: &Path) -> Result<Vec<Listed>, Error> {
        if self.outdated.load(Ordering::Relaxed) {
            return Ok(Vec::new());
        }
        let mut listed: Vec<_> = list(&*self.io(), dir)?
            .into_iter()
            .filter(|entry| entry.kind == EntryKind::File)
            .filter_map(|entry| {
                let id = layout::unhex(entry.name.to_str()?)?;
                let path = dir.join(&entry.name);
                Some(Listed {
                    id,
                    len: entry.len,
                    modified: entry.modified,
                    path,
                })
            })
            .collect();
        listed.sort_by(|a, b| b.modified.cmp(&a.modified).then_with(|| a.id.cmp(&b.id)));
        Ok(listed)
    }
}
