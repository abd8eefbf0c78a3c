//! Opening what lies in the working tree without ever following a symbolic link.

use std::ffi::CString;
use std::io::Read as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::git::tree::{is_safe_name, split};
use crate::git::{Error, Result};

/// The root of a working tree, held open so that nobody can put another in its place.
pub(super) struct Root {
    fd: OwnedFd,
}

/// A file's bytes with what its handle said about it.
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    pub(super) stat: Stat,
}

impl Root {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(path, flags, Mode::empty());
        let fd = fd.map_err(|error| Error::io("open", path, error))?;
        Ok(Self { fd })
    }

    /// The folder at `path`, empty for the root itself.
    pub(super) fn folder(&self, path: &[u8]) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        if path.is_empty() {
            return rustix::fs::openat(&self.fd, c".", flags, Mode::empty());
        }
        self.beneath(path, flags)
    }

    /// What lies at `path`, which is not followed if it is a symbolic link.
    pub(super) fn stat(&self, path: &[u8]) -> Result<Stat, Errno> {
        let (folder, name) = split(path);
        let folder = self.folder(folder)?;
        stat(folder.as_fd(), name)
    }

    /// The bytes of a file, or the target's text of a symbolic link.
    pub(super) fn read(&self, path: &[u8]) -> Result<Content> {
        check(path)?;
        let fail = |error: Errno| Error::io("read", &lossy_path(path), error);
        let (folder, name) = split(path);
        let folder = self.folder(folder).map_err(|error| match error {
            Errno::LOOP | Errno::XDEV | Errno::NOTDIR => {
                unsafe_path(path, "it lies behind a symbolic link or a file")
            }
            other => fail(other),
        })?;
        let seen = stat(folder.as_fd(), name).map_err(fail)?;
        match FileType::from_raw_mode(seen.st_mode) {
            FileType::Symlink => {
                let target = rustix::fs::readlinkat(&folder, name, Vec::new()).map_err(fail)?;
                Ok(Content {
                    bytes: target.into_bytes(),
                    stat: seen,
                })
            }
            FileType::RegularFile => {
                // A pipe put in its place meanwhile must not block us.
                let flags = OFlags::RDONLY
                    | OFlags::CLOEXEC
                    | OFlags::NOFOLLOW
                    | OFlags::NONBLOCK
                    | OFlags::NOCTTY;
                let file = rustix::fs::openat(&folder, name, flags, Mode::empty()).map_err(fail)?;
                let stat = rustix::fs::fstat(&file).map_err(fail)?;
                if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
                    return Err(unsafe_path(path, "it is not a regular file"));
                }
                let mut bytes = Vec::with_capacity(
                    usize::try_from(stat.st_size)
                        .unwrap_or_default()
                        .min(1 << 26),
                );
                std::fs::File::from(file)
                    .read_to_end(&mut bytes)
                    .map_err(|error| Error::io("read", &lossy_path(path), error))?;
                Ok(Content { bytes, stat })
            }
            _ => Err(unsafe_path(path, "it is not a regular file")),
        }
    }

    /// Opens below the root; `ELOOP` if a symbolic link stands in the way.
    fn beneath(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::ResolveFlags;
            let resolve =
                ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
            match rustix::fs::openat2(&self.fd, path, flags, Mode::empty(), resolve) {
                // Old kernels and some sandboxes lack the call, and it takes no path past 4,096 bytes.
                Err(Errno::NOSYS | Errno::PERM | Errno::NAMETOOLONG | Errno::AGAIN) => {}
                result => return result,
            }
        }
        let mut at: Option<OwnedFd> = None;
        let mut rest = path;
        while let Some(slash) = rest.iter().position(|byte| *byte == b'/') {
            let between = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
            at = Some(rustix::fs::openat(
                self.under(at.as_ref()),
                &rest[..slash],
                between,
                Mode::empty(),
            )?);
            rest = &rest[slash + 1..];
        }
        rustix::fs::openat(self.under(at.as_ref()), rest, flags, Mode::empty())
    }

    fn under<'a>(&'a self, at: Option<&'a OwnedFd>) -> BorrowedFd<'a> {
        at.unwrap_or(&self.fd).as_fd()
    }
}

/// What `name` in an open folder is, without following it.
pub(super) fn stat(folder: BorrowedFd<'_>, name: &[u8]) -> Result<Stat, Errno> {
    let name = CString::new(name).map_err(|_| Errno::INVAL)?;
    rustix::fs::statat(folder, &name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)
}

fn check(path: &[u8]) -> Result<()> {
    if path
        .split(|byte| *byte == b'/')
        .all(|part| is_safe_name(part) && !part.contains(&0))
    {
        return Ok(());
    }
    Err(unsafe_path(path, "it names no file of the working tree"))
}

fn unsafe_path(path: &[u8], reason: &'static str) -> Error {
    Error::UnsafePath {
        path: String::from_utf8_lossy(path).into_owned(),
        reason,
    }
}

/// A path for a message.
pub(super) fn lossy_path(path: &[u8]) -> std::path::PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    std::ffi::OsStr::from_bytes(path).into()
}
