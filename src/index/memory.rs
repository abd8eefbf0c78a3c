//! An index that is not kept: writes go to memory, over a disk that is read.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::error::Error;
use super::io::{Entry, EntryKind, StoreFile, StoreIo};
use super::lock::LockGuard;
use super::segment::Bytes;

/// File operations in memory. What an optional base below holds is seen
/// through it and never changed: a `.git` that cannot be written keeps the use
/// of the index it has.
#[derive(Debug)]
pub struct MemoryIo {
    base: Option<Arc<dyn StoreIo>>,
    state: Mutex<State>,
    /// Whether a writer is at work.
    locked: Arc<Mutex<bool>>,
    /// When this disk began; what is written is that old, and newer than the
    /// base.
    began: SystemTime,
}

/// What a path names in memory.
#[derive(Debug, Clone)]
enum Node {
    Dir,
    File(Arc<Mutex<Content>>),
}

/// A file's bytes: a vector while it grows, shared with its readers after.
#[derive(Debug)]
enum Content {
    Growing(Vec<u8>),
    Fixed(Arc<Bytes>),
}

impl Content {
    fn len(&self) -> usize {
        match self {
            Self::Growing(vec) => vec.len(),
            Self::Fixed(bytes) => bytes.len(),
        }
    }
}

#[derive(Debug, Default)]
struct State {
    /// Each with the number of the write that made it.
    nodes: BTreeMap<PathBuf, (Node, u64)>,
    /// Paths of the base that were removed or moved away.
    gone: BTreeSet<PathBuf>,
    writes: u64,
}

impl State {
    fn put(&mut self, path: &Path, node: Node) {
        self.writes += 1;
        self.nodes.insert(path.to_owned(), (node, self.writes));
    }

    /// Whether the base still shows at `path`.
    fn shows(&self, path: &Path) -> bool {
        !path.ancestors().any(|above| self.gone.contains(above))
    }
}

struct MemoryFile(Arc<Mutex<Content>>);

impl MemoryFile {
    fn with<R>(&self, run: impl FnOnce(&mut Vec<u8>) -> io::Result<R>) -> io::Result<R> {
        let mut content = hold(&self.0);
        if let Content::Fixed(bytes) = &*content {
            *content = Content::Growing(bytes.to_vec());
        }
        match &mut *content {
            Content::Growing(vec) => run(vec),
            Content::Fixed(_) => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}

impl StoreFile for MemoryFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.with(|vec| StoreFile::append(vec, bytes))
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.with(|vec| vec.write_at(offset, bytes))
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MemoryIo {
    /// An empty disk, begun at `now`.
    pub fn new(now: SystemTime) -> Self {
        Self {
            base: None,
            state: Mutex::default(),
            locked: Arc::default(),
            began: now,
        }
    }

    /// A disk on which `base` shows, unchanged, wherever nothing was written.
    pub fn over(base: Arc<dyn StoreIo>, now: SystemTime) -> Self {
        Self {
            base: Some(base),
            ..Self::new(now)
        }
    }

    fn base(&self, state: &State, path: &Path) -> io::Result<&dyn StoreIo> {
        let base = self.base.as_deref().filter(|_| state.shows(path));
        base.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn entry(&self, path: &Path, node: &Node, write: u64) -> Entry {
        let (kind, len) = match node {
            Node::Dir => (EntryKind::Dir, 0),
            Node::File(content) => (EntryKind::File, hold(content).len() as u64),
        };
        let name = path.file_name().unwrap_or_default().to_owned();
        Entry {
            name,
            len,
            modified: self.began + Duration::from_micros(write),
            kind,
        }
    }

    fn stat_in(&self, state: &State, path: &Path) -> io::Result<Entry> {
        match state.nodes.get(path) {
            Some((node, write)) => Ok(self.entry(path, node, *write)),
            None => self.base(state, path)?.stat(path),
        }
    }

    /// Forgets `path`, in memory and in what shows of the base.
    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = hold(&self.state);
        self.stat_in(&state, path)?;
        state.nodes.remove(path);
        state.gone.insert(path.to_owned());
        Ok(())
    }
}

impl StoreIo for MemoryIo {
    fn read(&self, path: &Path) -> io::Result<Arc<Bytes>> {
        let state = hold(&self.state);
        let Some((node, _)) = state.nodes.get(path) else {
            return self.base(&state, path)?.read(path);
        };
        let Node::File(content) = node else {
            return Err(io::ErrorKind::IsADirectory.into());
        };
        let mut content = hold(content);
        let bytes = match &mut *content {
            Content::Fixed(bytes) => return Ok(Arc::clone(bytes)),
            Content::Growing(vec) => Arc::new(Bytes::from(std::mem::take(vec))),
        };
        *content = Content::Fixed(Arc::clone(&bytes));
        Ok(bytes)
    }

    fn stat(&self, path: &Path) -> io::Result<Entry> {
        self.stat_in(&hold(&self.state), path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let state = hold(&self.state);
        let own = matches!(state.nodes.get(dir), Some((Node::Dir, _)));
        let below = self.base(&state, dir).and_then(|base| base.list(dir));
        let mut entries: BTreeMap<OsString, Entry> = match below {
            Ok(below) => below
                .into_iter()
                .filter(|entry| state.shows(&dir.join(&entry.name)))
                .map(|entry| (entry.name.clone(), entry))
                .collect(),
            Err(_) if own => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        for (path, (node, write)) in &state.nodes {
            if path.parent() == Some(dir) {
                let entry = self.entry(path, node, *write);
                entries.insert(entry.name.clone(), entry);
            }
        }
        Ok(entries.into_values().collect())
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = hold(&self.state);
        if self.stat_in(&state, dir).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.put(dir, Node::Dir);
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn StoreFile>> {
        let mut state = hold(&self.state);
        if self.stat_in(&state, path).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let content = Arc::new(Mutex::new(Content::Growing(Vec::new())));
        state.put(path, Node::File(Arc::clone(&content)));
        Ok(Box::new(MemoryFile(content)))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn StoreFile>> {
        let content = match self.read(path) {
            Ok(bytes) => bytes.to_vec(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let content = Arc::new(Mutex::new(Content::Growing(content)));
        hold(&self.state).put(path, Node::File(Arc::clone(&content)));
        Ok(Box::new(MemoryFile(content)))
    }

    /// Moves what is in memory; a folder of the base is not copied but hidden.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let found = self.stat(from)?;
        let copied = if found.kind == EntryKind::File {
            Some(self.read(from)?)
        } else {
            None
        };
        let mut state = hold(&self.state);
        let moved: Vec<PathBuf> = state
            .nodes
            .keys()
            .filter(|path| path.starts_with(from))
            .cloned()
            .collect();
        for path in moved {
            let Some((node, _)) = state.nodes.remove(&path) else {
                continue;
            };
            let below = path.strip_prefix(from).unwrap_or(Path::new(""));
            let target = if below.as_os_str().is_empty() {
                to.to_owned()
            } else {
                to.join(below)
            };
            state.put(&target, node);
        }
        match copied {
            Some(bytes) => {
                let content = Arc::new(Mutex::new(Content::Fixed(bytes)));
                state.put(to, Node::File(content));
            }
            None => state.put(to, Node::Dir),
        }
        state.gone.insert(from.to_owned());
        Ok(())
    }

    fn sync_dir(&self, _dir: &Path) -> io::Result<()> {
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.remove(path)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        if !self.list(dir)?.is_empty() {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        self.remove(dir)
    }

    fn lock(&self, path: &Path, timeout: Duration) -> Result<LockGuard, Error> {
        super::lock::acquire_flag(&self.locked, path, timeout)
    }

    fn is_durable(&self) -> bool {
        false
    }
}
