//! The worktree as a base, and the only way into it: folder by folder, never
//! through a symbolic link, so that a link planted meanwhile leads nowhere.

use std::ffi::OsStr;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::RepoPath;
use super::base::{Base, Entry, File, FileMode, Obstacle};

/// The files of a folder on disk.
#[derive(Clone, Debug)]
pub struct Worktree {
    root: PathBuf,
    folds_case: bool,
}

/// Where a walk to the folder of a path ended.
pub(super) enum Folder {
    /// The folder, opened.
    Open(OwnedFd),
    /// It does not exist.
    Missing,
    /// Something else stands there.
    Blocked(RepoPath, Obstacle),
}

impl Worktree {
    /// The worktree at `root`, itself a trusted path. `folds_case` is what
    /// `core.ignoreCase` says of its file system.
    pub fn new(root: impl Into<PathBuf>, folds_case: bool) -> Self {
        Self {
            root: root.into(),
            folds_case,
        }
    }

    /// The folder the paths are relative to.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Opens the folder in which the path's last component stands.
    pub(super) fn folder_of(&self, path: &RepoPath) -> io::Result<Folder> {
        self.open_folder(path.parent().as_ref())
    }

    fn open_folder(&self, folder: Option<&RepoPath>) -> io::Result<Folder> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut fd = rustix::fs::open(&self.root, flags, Mode::empty())?;
        let Some(folder) = folder else {
            return Ok(Folder::Open(fd));
        };
        let mut steps = folder.ancestors();
        steps.push(folder.clone());
        for step in steps {
            let name = OsStr::from_bytes(step.name());
            fd = match rustix::fs::openat(&fd, name, flags | OFlags::NOFOLLOW, Mode::empty()) {
                Ok(next) => next,
                Err(Errno::NOENT) => return Ok(Folder::Missing),
                Err(Errno::NOTDIR | Errno::LOOP) => {
                    let Some(by) = obstacle_at(&fd, name)? else {
                        return Err(io::Error::other("a folder changed while it was read"));
                    };
                    return Ok(Folder::Blocked(step, by));
                }
                Err(fault) => return Err(fault.into()),
            };
            if rustix::fs::statat(&fd, ".git", AtFlags::SYMLINK_NOFOLLOW).is_ok() {
                return Ok(Folder::Blocked(step, Obstacle::Repository));
            }
        }
        Ok(Folder::Open(fd))
    }
}

fn obstacle_at(folder: &OwnedFd, name: &OsStr) -> io::Result<Option<Obstacle>> {
    let stat = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => None,
        FileType::Symlink => Some(Obstacle::Symlink),
        FileType::RegularFile => Some(Obstacle::File),
        _ => Some(Obstacle::Special),
    })
}

/// Reads a file of an opened folder without following a link; `None` if missing.
pub(super) fn read_at(
    folder: &OwnedFd,
    name: &OsStr,
) -> io::Result<Option<(File, std::fs::Metadata)>> {
    // NONBLOCK: opening a pipe that replaced the file must not wait for a writer.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let fd = match rustix::fs::openat(folder, name, flags, Mode::empty()) {
        Ok(fd) => fd,
        Err(Errno::NOENT) => return Ok(None),
        Err(fault) => return Err(fault.into()),
    };
    let mut file = std::fs::File::from(fd);
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let mode = if std::os::unix::fs::MetadataExt::mode(&metadata) & 0o100 == 0 {
        FileMode::Regular
    } else {
        FileMode::Executable
    };
    Ok(Some((
        File {
            bytes: bytes.into(),
            mode,
        },
        metadata,
    )))
}

impl Base for Worktree {
    fn entry(&self, path: &RepoPath) -> io::Result<Entry> {
        let folder = match self.folder_of(path)? {
            Folder::Open(folder) => folder,
            Folder::Missing => return Ok(Entry::Missing),
            Folder::Blocked(at, by) => return Ok(Entry::Blocked { at, by }),
        };
        let name = OsStr::from_bytes(path.name());
        match obstacle_at(&folder, name) {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(Entry::Missing),
            Err(fault) => Err(fault),
            Ok(None) => Ok(match self.open_folder(Some(path))? {
                Folder::Blocked(at, by) => Entry::Blocked { at, by },
                Folder::Open(_) | Folder::Missing => Entry::Directory,
            }),
            Ok(Some(Obstacle::File)) => Ok(match read_at(&folder, name)? {
                Some((file, _)) => Entry::File(file),
                None => Entry::Missing,
            }),
            Ok(Some(by)) => Ok(Entry::Blocked {
                at: path.clone(),
                by,
            }),
        }
    }

    fn names(&self, folder: Option<&RepoPath>) -> io::Result<Vec<Vec<u8>>> {
        let Folder::Open(fd) = self.open_folder(folder)? else {
            return Ok(Vec::new());
        };
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(fd.as_fd())? {
            let name = entry?.file_name().to_bytes().to_vec();
            if !matches!(name.as_slice(), b"." | b".." | b".git") {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn folds_case(&self) -> bool {
        self.folds_case
    }
}
