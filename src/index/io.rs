//! Every file operation under `.git/happy/`, as one trait, so that a simulated
//! disk can fail or lose power at each of them.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::error::Error;
use super::lock::LockGuard;
use super::segment::Bytes;

/// One entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The last component of its path.
    pub name: OsString,
    /// Length in bytes.
    pub len: u64,
    /// When its content was last written.
    pub modified: SystemTime,
    /// Whether it is a folder, a plain file, or neither (links are not followed).
    pub kind: EntryKind,
}

/// What an [`Entry`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A plain file.
    File,
    /// A folder.
    Dir,
    /// A symbolic link, a device, a pipe: never opened.
    Other,
}

/// A file that is being written.
pub trait StoreFile: Send {
    /// Adds bytes at the end.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Writes over bytes that were appended before; nothing is appended after.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Returns when the content has reached the disk.
    fn sync(&mut self) -> io::Result<()>;
}

impl StoreFile for Box<dyn StoreFile> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        (**self).append(bytes)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        (**self).write_at(offset, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        (**self).sync()
    }
}

/// A file in memory: what an index is built into when it is not kept.
impl StoreFile for Vec<u8> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.try_reserve(bytes.len())
            .map_err(|_| io::ErrorKind::OutOfMemory)?;
        self.extend_from_slice(bytes);
        Ok(())
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let range = usize::try_from(offset)
            .ok()
            .and_then(|start| Some(start..start.checked_add(bytes.len())?))
            .and_then(|range| self.get_mut(range));
        range
            .ok_or(io::ErrorKind::InvalidInput)?
            .copy_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The file operations an index needs, and no others.
pub trait StoreIo: Send + Sync + fmt::Debug {
    /// The content of a plain file: mapped where that is safe, else read.
    fn read(&self, path: &Path) -> io::Result<Arc<Bytes>>;
    /// What stands at `path`; a link is not followed.
    fn stat(&self, path: &Path) -> io::Result<Entry>;
    /// The entries of a folder, sorted by name.
    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>>;
    /// Makes one folder, whose parent exists.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;
    /// Makes a file that must not exist yet (not even as a link).
    fn create(&self, path: &Path) -> io::Result<Box<dyn StoreFile>>;
    /// Opens a file to add to its end, and makes it where there is none.
    fn append(&self, path: &Path) -> io::Result<Box<dyn StoreFile>>;
    /// Moves a file or folder, over an existing file if there is one, at once.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Returns when the entries of the folder have reached the disk.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Removes a file or a link.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_dir(&self, dir: &Path) -> io::Result<()>;
    /// Takes the writer's lock, waiting for at most `timeout`.
    fn lock(&self, path: &Path, timeout: Duration) -> Result<LockGuard, Error>;
    /// Whether what is written here outlives the process.
    fn is_durable(&self) -> bool {
        true
    }
}

/// What stands at `path`, or nothing.
pub(super) fn stat(io: &dyn StoreIo, path: &Path) -> Result<Option<Entry>, Error> {
    match io.stat(path) {
        Ok(entry) => Ok(Some(entry)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(Error::io("look at", path, error)),
    }
}

/// The entries of `dir`; none if there is no such folder, and refused if it is
/// a link: whoever unpacks a foreign `.git` must not have their files listed
/// or removed through it.
pub(super) fn list(io: &dyn StoreIo, dir: &Path) -> Result<Vec<Entry>, Error> {
    match stat(io, dir)? {
        None => return Ok(Vec::new()),
        Some(entry) => require_dir(dir, &entry)?,
    }
    match io.list(dir) {
        Ok(entries) => Ok(entries),
        Err(error) if is_absent(&error) => Ok(Vec::new()),
        Err(error) => Err(Error::io("list", dir, error)),
    }
}

/// Refuses what stands at `dir` unless it is nothing or a folder.
pub(super) fn refuse_link(io: &dyn StoreIo, dir: &Path) -> Result<(), Error> {
    stat(io, dir)?.map_or(Ok(()), |entry| require_dir(dir, &entry))
}

/// Makes `dir` and what is missing above it, so that they outlive a loss of
/// power.
pub(super) fn ensure_dir(io: &dyn StoreIo, dir: &Path) -> Result<(), Error> {
    if let Some(entry) = stat(io, dir)? {
        return require_dir(dir, &entry);
    }
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        // The folder that holds the index may itself be reached by a link.
        if io.list(parent).is_err() {
            ensure_dir(io, parent)?;
        }
    }
    match io.create_dir(dir) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(Error::io("create", dir, error)),
    }
    parent.map_or(Ok(()), |parent| sync_dir(io, parent))
}

/// Makes the entries of `dir` outlive a loss of power.
pub(super) fn sync_dir(io: &dyn StoreIo, dir: &Path) -> Result<(), Error> {
    io.sync_dir(dir)
        .map_err(|error| Error::io("sync", dir, error))
}

/// Removes a file; one that is already gone is no error.
pub(super) fn remove_file(io: &dyn StoreIo, path: &Path) -> Result<(), Error> {
    match io.remove_file(path) {
        Err(error) if !is_absent(&error) => Err(Error::io("remove", path, error)),
        _ => Ok(()),
    }
}

fn require_dir(dir: &Path, entry: &Entry) -> Result<(), Error> {
    if entry.kind == EntryKind::Dir {
        return Ok(());
    }
    Err(Error::Refused {
        path: dir.to_owned(),
        what: "is not a folder",
    })
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// What a loss of power may take of a file that is in its place. It never
/// leaves a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// Nothing: file and folder are synced.
    Durable,
    /// All of it: the file is synced and the folder is not, which costs half.
    /// For what is cheap to make again.
    Relaxed,
}

/// A file that is written beside and renamed into place. Dropped before that,
/// it is removed.
pub(super) struct TempFile {
    io: Arc<dyn StoreIo>,
    path: PathBuf,
    /// Nothing once the file is in place.
    file: Option<Box<dyn StoreFile>>,
}

/// What the name of every temporary file ends in; nothing else in `tmp/` is
/// ever removed.
pub(super) const TEMP_SUFFIX: &str = ".tmp";

impl TempFile {
    /// Makes an empty file in the folder `tmp`.
    pub(super) fn create(io: &Arc<dyn StoreIo>, tmp: &Path) -> Result<Self, Error> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = tmp.join(format!("{}-{number}{TEMP_SUFFIX}", std::process::id()));
        let file = io
            .create(&path)
            .map_err(|error| Error::io("create", &path, error))?;
        Ok(Self {
            io: Arc::clone(io),
            path,
            file: Some(file),
        })
    }

    /// Syncs the file, renames it to `target`, and syncs the folder if that is
    /// wanted.
    pub(super) fn persist(mut self, target: &Path, durability: Durability) -> Result<(), Error> {
        let Some(mut file) = self.file.take() else {
            return Ok(());
        };
        let renamed = file
            .sync()
            .map_err(|error| Error::io("sync", &self.path, error))
            .and_then(|()| {
                drop(file);
                self.io
                    .rename(&self.path, target)
                    .map_err(|error| Error::io("rename to", target, error))
            });
        if renamed.is_err() {
            self.discard();
        }
        renamed?;
        match target.parent() {
            Some(parent) if durability == Durability::Durable => sync_dir(&*self.io, parent),
            _ => Ok(()),
        }
    }

    fn discard(&self) {
        // The next writer removes what cannot be removed now.
        let _ = self.io.remove_file(&self.path);
    }

    fn with<R>(&mut self, run: impl FnOnce(&mut dyn StoreFile) -> io::Result<R>) -> io::Result<R> {
        match &mut self.file {
            Some(file) => run(file),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Where it stands until it is in place.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl StoreFile for TempFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.with(|file| file.append(bytes))
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.with(|file| file.write_at(offset, bytes))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.with(|file| file.sync())
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            self.discard();
        }
    }
}
