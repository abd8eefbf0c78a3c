//! A simulated disk that can fail, stop its process, or lose power, at each of
//! its operations. Tests run the index on it.
//!
//! What reached the disk is kept apart from what the process sees: a file's
//! bytes reach it when the file is synced, a folder's entries when the folder
//! is. What else survives a loss of power is up to [`Loss`]. One promise of
//! real journals is kept: a rename never loses both names.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::error::Error;
use super::io::{Entry, EntryKind, StoreFile, StoreIo};
use super::lock::LockGuard;
use super::segment::Bytes;

/// What goes wrong, counted in operations from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Nothing.
    Work,
    /// The process stops in the middle of this operation.
    StopAt(u64),
    /// This operation fails.
    FailAt(u64, io::ErrorKind),
    /// Every operation that writes fails, from this one on.
    FailFrom(u64, io::ErrorKind),
}

/// What survives of that which was never synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// All of it: the process stopped, the machine did not.
    Nothing,
    /// None of it.
    Everything,
    /// Folders are up to date, files have no bytes.
    Data,
    /// Folders are up to date, files have their length in zeros.
    DataToZeros,
    /// Files are whole, folders are as they were last synced.
    Entries,
    /// Any part of it, in any order, drawn from the seed.
    Random(u64),
}

/// The disk. Clones of the reference share it; [`SimIo::fork`] copies it.
#[derive(Debug)]
pub struct SimIo {
    disk: Arc<Mutex<Disk>>,
    locked: Arc<Mutex<bool>>,
}

#[derive(Debug, Clone)]
struct Disk {
    inodes: Vec<Inode>,
    /// Changes of folders that have not reached the disk, in order.
    pending: Vec<Change>,
    operations: u64,
    /// Counts on where a fork begins to count operations anew.
    clock: u64,
    log: Vec<String>,
    plan: Plan,
    stopped: bool,
}

#[derive(Debug, Clone)]
enum Inode {
    File {
        now: Vec<u8>,
        synced: Vec<u8>,
        modified: u64,
    },
    Dir {
        now: BTreeMap<OsString, usize>,
        synced: BTreeMap<OsString, usize>,
        modified: u64,
    },
}

#[derive(Debug, Clone)]
struct Change {
    dir: usize,
    name: OsString,
    to: Option<usize>,
    /// The other half of a rename: `(folder, name)` that must be linked before
    /// this removal may be.
    after: Option<(usize, OsString)>,
}

const ROOT: usize = 0;

/// What the simulated clock shows at operation 0.
pub const BEGIN: SystemTime = SystemTime::UNIX_EPOCH;

impl SimIo {
    /// A disk with an empty root folder.
    pub fn new() -> Self {
        Self::with(Disk {
            inodes: vec![empty_dir()],
            pending: Vec::new(),
            operations: 0,
            clock: 0,
            log: Vec::new(),
            plan: Plan::Work,
            stopped: false,
        })
    }

    fn with(disk: Disk) -> Self {
        Self {
            disk: Arc::new(Mutex::new(disk)),
            locked: Arc::default(),
        }
    }

    /// A copy of the disk, unlocked, on which operations are counted from 1
    /// again and `plan` goes wrong.
    #[must_use]
    pub fn fork(&self, plan: Plan) -> Self {
        let mut disk = self.disk().clone();
        disk.operations = 0;
        disk.log.clear();
        disk.plan = plan;
        disk.stopped = false;
        Self::with(disk)
    }

    /// The disk as the next process finds it.
    #[must_use]
    pub fn reboot(&self, loss: Loss) -> Self {
        let next = self.fork(Plan::Work);
        next.disk().lose(loss);
        next
    }

    /// How many operations there were.
    pub fn operations(&self) -> u64 {
        self.disk().operations
    }

    /// The operations, as text.
    pub fn log(&self) -> Vec<String> {
        self.disk().log.clone()
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for SimIo {
    fn default() -> Self {
        Self::new()
    }
}

impl Disk {
    /// Counts an operation. `Ok(false)`: it fails, or the process stops, half
    /// way; the error is to be returned by [`Disk::half_way`].
    fn begin(&mut self, what: &str, path: &Path, writes: bool) -> io::Result<bool> {
        if self.stopped {
            return Err(stopped());
        }
        self.operations += 1;
        self.clock += 1;
        self.log.push(format!("{what} {}", path.display()));
        Ok(match self.plan {
            Plan::Work => true,
            Plan::StopAt(at) | Plan::FailAt(at, _) => self.operations != at,
            Plan::FailFrom(at, _) => self.operations < at || !writes,
        })
    }

    fn half_way(&mut self) -> io::Error {
        match self.plan {
            Plan::FailAt(_, kind) | Plan::FailFrom(_, kind) => kind.into(),
            Plan::Work | Plan::StopAt(_) => {
                self.stopped = true;
                stopped()
            }
        }
    }

    fn step(&mut self, what: &str, path: &Path, writes: bool) -> io::Result<()> {
        if self.begin(what, path, writes)? {
            Ok(())
        } else {
            Err(self.half_way())
        }
    }

    fn find(&self, path: &Path) -> io::Result<usize> {
        let mut at = ROOT;
        for part in path.components() {
            let std::path::Component::Normal(name) = part else {
                continue;
            };
            let Inode::Dir { now, .. } = &self.inodes[at] else {
                return Err(io::ErrorKind::NotADirectory.into());
            };
            at = *now.get(name).ok_or(io::ErrorKind::NotFound)?;
        }
        Ok(at)
    }

    fn parent(&self, path: &Path) -> io::Result<(usize, OsString)> {
        let parent = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        Ok((self.find(parent)?, name.to_owned()))
    }

    fn change(&mut self, dir: usize, name: OsString, to: Option<usize>) -> io::Result<()> {
        let tick = self.clock;
        let Inode::Dir { now, modified, .. } = &mut self.inodes[dir] else {
            return Err(io::ErrorKind::NotADirectory.into());
        };
        *modified = tick;
        match to {
            Some(to) => now.insert(name.clone(), to),
            None => now.remove(&name),
        };
        self.pending.push(Change {
            dir,
            name,
            to,
            after: None,
        });
        Ok(())
    }

    fn link(&mut self, path: &Path, inode: Inode) -> io::Result<usize> {
        let (dir, name) = self.parent(path)?;
        if self.find(path).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.inodes.push(inode);
        let made = self.inodes.len() - 1;
        self.change(dir, name, Some(made))?;
        Ok(made)
    }

    fn reach_disk(&mut self, change: &Change) {
        if let Inode::Dir { synced, .. } = &mut self.inodes[change.dir] {
            match change.to {
                Some(to) => synced.insert(change.name.clone(), to),
                None => synced.remove(&change.name),
            };
        }
    }

    /// A folder's sync commits the other half of its renames too, as a journal
    /// does.
    fn sync_entries(&mut self, dir: usize) {
        let pending = std::mem::take(&mut self.pending);
        let needed: Vec<_> = pending
            .iter()
            .filter(|change| change.dir == dir)
            .filter_map(|change| change.after.clone())
            .collect();
        for change in pending {
            let half = change.to.is_some() && needed.contains(&(change.dir, change.name.clone()));
            if change.dir == dir || half {
                self.reach_disk(&change);
            } else {
                self.pending.push(change);
            }
        }
    }

    fn lose(&mut self, loss: Loss) {
        let mut random = Random(match loss {
            Loss::Random(seed) => seed,
            _ => 0,
        });
        let pending = std::mem::take(&mut self.pending);
        let mut dropped: Vec<(usize, OsString)> = Vec::new();
        for change in pending {
            let survives = match loss {
                Loss::Everything | Loss::Entries => false,
                Loss::Random(_) => random.next().is_multiple_of(2),
                Loss::Nothing | Loss::Data | Loss::DataToZeros => true,
            };
            let orphan = change
                .after
                .as_ref()
                .is_some_and(|other| dropped.contains(other));
            if survives && !orphan {
                self.reach_disk(&change);
            } else {
                dropped.push((change.dir, change.name));
            }
        }
        for inode in &mut self.inodes {
            match inode {
                Inode::Dir { now, synced, .. } => *now = synced.clone(),
                Inode::File { now, synced, .. } => {
                    if now != synced {
                        lose_bytes(now, synced, loss, &mut random);
                    }
                    synced.clone_from(now);
                }
            }
        }
    }
}

/// What remains of a file whose last bytes were never synced.
fn lose_bytes(now: &mut Vec<u8>, synced: &[u8], loss: Loss, random: &mut Random) {
    let choice = match loss {
        Loss::Nothing | Loss::Entries => return,
        Loss::Everything => 0,
        Loss::Data => 1,
        Loss::DataToZeros => 2,
        Loss::Random(_) => random.next() % 5,
    };
    match choice {
        0 => *now = synced.to_vec(),
        1 => now.clear(),
        2 => now.fill(0),
        3 => now.truncate(random.next() as usize % (now.len() + 1)),
        _ => now
            .chunks_mut(512)
            .filter(|_| random.next().is_multiple_of(2))
            .for_each(|sector| sector.fill(0)),
    }
}

/// A small generator (`SplitMix64`), so that a seed names a loss for good.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn empty_dir() -> Inode {
    Inode::Dir {
        now: BTreeMap::new(),
        synced: BTreeMap::new(),
        modified: 0,
    }
}

fn stopped() -> io::Error {
    io::Error::other("the process was stopped")
}

struct SimFile {
    disk: Arc<Mutex<Disk>>,
    path: std::path::PathBuf,
    inode: usize,
}

impl SimFile {
    fn write(
        &self,
        what: &str,
        bytes: &[u8],
        run: impl FnOnce(&mut Vec<u8>, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut disk = self.disk.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = disk.begin(what, &self.path, true)?;
        // A write that fails has often written something.
        let bytes = if whole {
            bytes
        } else {
            &bytes[..bytes.len() / 2]
        };
        let tick = disk.clock;
        if let Inode::File { now, modified, .. } = &mut disk.inodes[self.inode] {
            *modified = tick;
            run(now, bytes)?;
        }
        if whole { Ok(()) } else { Err(disk.half_way()) }
    }
}

impl StoreFile for SimFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write("append", bytes, |file, bytes| {
            StoreFile::append(file, bytes)
        })
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.write("write_at", bytes, |file, bytes| {
            file.write_at(offset, bytes)
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut disk = self.disk.lock().unwrap_or_else(PoisonError::into_inner);
        disk.step("sync", &self.path, true)?;
        if let Inode::File { now, synced, .. } = &mut disk.inodes[self.inode] {
            synced.clone_from(now);
        }
        Ok(())
    }
}

impl StoreIo for SimIo {
    fn read(&self, path: &Path) -> io::Result<Arc<Bytes>> {
        let mut disk = self.disk();
        disk.step("read", path, false)?;
        let found = disk.find(path)?;
        match &disk.inodes[found] {
            Inode::File { now, .. } => Ok(Arc::new(Bytes::from(now.clone()))),
            Inode::Dir { .. } => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn stat(&self, path: &Path) -> io::Result<Entry> {
        let mut disk = self.disk();
        disk.step("stat", path, false)?;
        let found = disk.find(path)?;
        Ok(entry(
            path.file_name().unwrap_or_default().to_owned(),
            &disk.inodes[found],
        ))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let mut disk = self.disk();
        disk.step("list", dir, false)?;
        let found = disk.find(dir)?;
        let Inode::Dir { now, .. } = &disk.inodes[found] else {
            return Err(io::ErrorKind::NotADirectory.into());
        };
        Ok(now
            .iter()
            .map(|(name, inode)| entry(name.clone(), &disk.inodes[*inode]))
            .collect())
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step("create_dir", dir, true)?;
        disk.link(dir, empty_dir()).map(drop)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn StoreFile>> {
        let mut disk = self.disk();
        disk.step("create", path, true)?;
        let modified = disk.clock;
        let inode = disk.link(
            path,
            Inode::File {
                now: Vec::new(),
                synced: Vec::new(),
                modified,
            },
        )?;
        Ok(Box::new(SimFile {
            disk: Arc::clone(&self.disk),
            path: path.to_owned(),
            inode,
        }))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn StoreFile>> {
        let found = self.disk().find(path);
        match found {
            Ok(inode) => {
                self.disk().step("open", path, true)?;
                Ok(Box::new(SimFile {
                    disk: Arc::clone(&self.disk),
                    path: path.to_owned(),
                    inode,
                }))
            }
            Err(_) => self.create(path),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step("rename", from, true)?;
        let moved = disk.find(from)?;
        let (old_dir, old_name) = disk.parent(from)?;
        let (new_dir, new_name) = disk.parent(to)?;
        disk.change(new_dir, new_name.clone(), Some(moved))?;
        disk.change(old_dir, old_name, None)?;
        if let Some(removal) = disk.pending.last_mut() {
            removal.after = Some((new_dir, new_name));
        }
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step("sync_dir", dir, true)?;
        let found = disk.find(dir)?;
        disk.sync_entries(found);
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step("remove_file", path, true)?;
        disk.find(path)?;
        let (dir, name) = disk.parent(path)?;
        disk.change(dir, name, None)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step("remove_dir", dir, true)?;
        let found = disk.find(dir)?;
        if matches!(&disk.inodes[found], Inode::Dir { now, .. } if !now.is_empty()) {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        let (parent, name) = disk.parent(dir)?;
        disk.change(parent, name, None)
    }

    fn lock(&self, path: &Path, timeout: Duration) -> Result<LockGuard, Error> {
        let step = self.disk().step("lock", path, true);
        step.map_err(|error| Error::io("lock", path, error))?;
        super::lock::acquire_flag(&self.locked, path, timeout)
    }
}

fn entry(name: OsString, inode: &Inode) -> Entry {
    let (kind, len, modified) = match inode {
        Inode::File { now, modified, .. } => (EntryKind::File, now.len() as u64, *modified),
        Inode::Dir { modified, .. } => (EntryKind::Dir, 0, *modified),
    };
    Entry {
        name,
        len,
        modified: BEGIN + Duration::from_micros(modified),
        kind,
    }
}
