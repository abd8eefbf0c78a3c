//! The file operations on a real disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::error::Error;
use super::io::{Entry, EntryKind, StoreFile, StoreIo};
use super::lock::{self, LockGuard};
use super::segment::Bytes;

/// Whether files are mapped into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mapping {
    /// Mapped, unless they lie on a network file system, where another machine
    /// may take them away.
    #[default]
    Auto,
    /// Read into memory (`--no-mmap`).
    Never,
}

/// Who excludes a second writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locking {
    /// The kernel, and a file only where it cannot.
    #[default]
    Kernel,
    /// A file that must not exist, as on file systems without locks.
    File,
}

/// The operating system's file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealIo {
    /// Whether files are mapped.
    pub mapping: Mapping,
    /// Who excludes a second writer.
    pub locking: Locking,
}

struct RealFile(File);

impl StoreFile for RealFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(offset))?;
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_all()
    }
}

impl StoreIo for RealIo {
    fn read(&self, path: &Path) -> io::Result<Arc<Bytes>> {
        // The kind says so to `Segment::open`. A pipe in a foreign `.git` would block forever when opened.
        if !fs::symlink_metadata(path)?.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a plain file",
            ));
        }
        let mut file = File::open(path)?;
        let mapped = self.mapping == Mapping::Auto && !is_remote(&file);
        let bytes = if mapped {
            Bytes::map(&file)?
        } else {
            Bytes::read(&mut file)?
        };
        Ok(Arc::new(bytes))
    }

    fn stat(&self, path: &Path) -> io::Result<Entry> {
        let name = path.file_name().unwrap_or_default().to_owned();
        Ok(entry(name, &fs::symlink_metadata(path)?))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for found in fs::read_dir(dir)? {
            let found = found?;
            match found.metadata() {
                Ok(metadata) => entries.push(entry(found.file_name(), &metadata)),
                // Another process removed it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir(dir)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn StoreFile>> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        Ok(Box::new(RealFile(file)))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn StoreFile>> {
        let mut options = OpenOptions::new();
        let file = lock::no_follow(options.append(true).create(true)).open(path)?;
        Ok(Box::new(RealFile(file)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        // Windows has no such thing, and its renames need none.
        if cfg!(unix) {
            File::open(dir)?.sync_all()
        } else {
            Ok(())
        }
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        fs::remove_dir(dir)
    }

    fn lock(&self, path: &Path, timeout: Duration) -> Result<LockGuard, Error> {
        match self.locking {
            Locking::Kernel => lock::acquire(path, timeout),
            Locking::File => lock::acquire_exclusive(path, timeout),
        }
    }
}

fn entry(name: std::ffi::OsString, metadata: &fs::Metadata) -> Entry {
    let kind = if metadata.is_dir() {
        EntryKind::Dir
    } else if metadata.is_file() {
        EntryKind::File
    } else {
        EntryKind::Other
    };
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    Entry {
        name,
        len: metadata.len(),
        modified,
        kind,
    }
}

/// File systems whose files another machine can cut short under a mapping.
#[cfg(target_os = "linux")]
fn is_remote(file: &File) -> bool {
    const NFS: u64 = 0x6969;
    const SMB: u64 = 0x517b;
    const SMB2: u64 = 0xfe53_4d42;
    const CIFS: u64 = 0xff53_4d42;
    const NINE_P: u64 = 0x0102_1997;
    const FUSE: u64 = 0x6573_5546;
    rustix::fs::fstatfs(file).is_ok_and(|found| {
        // The field is signed or not, long or not, by architecture.
        let kind = found.f_type as u64 & 0xffff_ffff;
        [NFS, SMB, SMB2, CIFS, NINE_P, FUSE].contains(&kind)
    })
}

#[cfg(not(target_os = "linux"))]
fn is_remote(_file: &File) -> bool {
    false
}
