//! Every change that applying makes on disk, one function each, so that a test can end
//! the process's powers before any of them.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

/// The disk as the applier writes it.
///
/// [`Disk::dying_after`] makes one that carries out a number of steps and then fails
/// everything, as a killed process or a lost disk would: what stands on disk at that
/// moment is what recovery must cope with.
#[derive(Default)]
pub struct Disk {
    left: Option<Cell<usize>>,
    taken: Cell<usize>,
    fails_at: Option<usize>,
    before: Option<Box<dyn Fn(usize)>>,
}

impl Disk {
    /// A disk that fails after `steps` steps; a write it fails in is left half done.
    pub fn dying_after(steps: usize) -> Self {
        Self {
            left: Some(Cell::new(steps)),
            ..Self::default()
        }
    }

    /// A disk that fails one step, the one after `steps`, as a full one does.
    pub fn failing_once(steps: usize) -> Self {
        Self {
            fails_at: Some(steps),
            ..Self::default()
        }
    }

    /// Calls `before` with the number of each step before it takes it: what another
    /// process may do at that moment.
    #[must_use]
    pub fn watched(self, before: impl Fn(usize) + 'static) -> Self {
        Self {
            before: Some(Box::new(before)),
            ..self
        }
    }

    /// How many steps were carried out.
    pub fn steps(&self) -> usize {
        self.taken.get()
    }

    /// Whether it has failed for good.
    pub(super) fn is_dead(&self) -> bool {
        self.left.as_ref().is_some_and(|left| left.get() == 0)
    }

    fn step(&self) -> io::Result<()> {
        if let Some(left) = &self.left {
            let Some(rest) = left.get().checked_sub(1) else {
                return Err(io::Error::other("the disk is gone"));
            };
            left.set(rest);
        }
        if let Some(before) = &self.before {
            before(self.taken.get());
        }
        let number = self.taken.replace(self.taken.get() + 1);
        if self.fails_at == Some(number) {
            return Err(Errno::NOSPC.into());
        }
        Ok(())
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        if let Err(fault) = self.step() {
            // The step before death is the one that is cut short.
            let _ = file.write_all(&bytes[..bytes.len() / 2]);
            return Err(fault);
        }
        file.write_all(bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.step()?;
        file.sync_all()
    }

    /// Makes a folder of the journal, for this user alone.
    pub(super) fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        std::fs::DirBuilder::new().mode(0o700).create(path)
    }

    /// Writes a new file of the journal and waits until it is on disk.
    pub(super) fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.step()?;
        let mut options = File::options();
        let flags = OFlags::NOFOLLOW.bits() as i32;
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(flags)
            .open(path)?;
        self.write(&mut file, bytes)?;
        self.sync(&file)
    }

    /// Waits until the names in a folder are on disk.
    pub(super) fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.sync(&File::open(path)?)
    }

    /// Renames within the journal.
    pub(super) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        std::fs::rename(from, to)
    }

    /// Removes a folder of the journal.
    pub(super) fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        std::fs::remove_dir_all(path)
    }

    /// Writes a new file into an opened folder and waits until it is on disk. `like`
    /// gives the permission bits and owner of the file it will replace.
    pub(super) fn write_new_at(
        &self,
        folder: &OwnedFd,
        name: &OsStr,
        bytes: &[u8],
        permissions: Permissions,
    ) -> io::Result<()> {
        self.step()?;
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let bits = permissions
            .bits
            .unwrap_or(if permissions.executable { 0o777 } else { 0o666 });
        // The process's mask applies to a new file, not to one that replaces another.
        let fd = rustix::fs::openat(folder, name, flags, Mode::from_raw_mode(bits as _))?;
        let mut file = File::from(fd);
        self.write(&mut file, bytes)?;
        if let Some((user, group)) = permissions.owner {
            let uid = rustix::fs::Uid::from_raw(user);
            let gid = rustix::fs::Gid::from_raw(group);
            // Only a privileged process may; the file is then its user's, as in any editor.
            let _ = rustix::fs::fchown(&file, Some(uid), Some(gid));
        }
        if permissions.bits.is_some() {
            rustix::fs::fchmod(&file, Mode::from_raw_mode(bits as _))?;
        }
        self.sync(&file)
    }

    /// Puts the file `temp` where `target` is, and the other way round. `false` where
    /// the file system cannot; nothing happened then.
    pub(super) fn exchange(
        &self,
        folder: &OwnedFd,
        temp: &OsStr,
        target: (&OwnedFd, &OsStr),
    ) -> io::Result<bool> {
        self.step()?;
        match rustix::fs::renameat_with(folder, temp, target.0, target.1, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(true),
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(false),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Moves a file over whatever stands there.
    pub(super) fn replace(
        &self,
        folder: &OwnedFd,
        name: &OsStr,
        target: (&OwnedFd, &OsStr),
    ) -> io::Result<()> {
        self.step()?;
        Ok(rustix::fs::renameat(folder, name, target.0, target.1)?)
    }

    /// Moves a file to a name that must be free.
    pub(super) fn move_free(
        &self,
        folder: &OwnedFd,
        name: &OsStr,
        target: (&OwnedFd, &OsStr),
    ) -> io::Result<()> {
        self.step()?;
        match rustix::fs::renameat_with(folder, name, target.0, target.1, RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                rustix::fs::linkat(folder, name, target.0, target.1, AtFlags::empty())?;
                Ok(rustix::fs::unlinkat(folder, name, AtFlags::empty())?)
            }
            done => Ok(done?),
        }
    }

    /// Removes a file of an opened folder.
    pub(super) fn remove_at(&self, folder: &OwnedFd, name: &OsStr) -> io::Result<()> {
        self.step()?;
        Ok(rustix::fs::unlinkat(folder, name, AtFlags::empty())?)
    }

    /// Makes a folder in an opened folder.
    pub(super) fn make_folder_at(&self, folder: &OwnedFd, name: &OsStr) -> io::Result<()> {
        self.step()?;
        match rustix::fs::mkdirat(folder, name, Mode::from_raw_mode(0o777)) {
            Err(Errno::EXIST) => Ok(()),
            done => Ok(done?),
        }
    }

    /// Removes a folder if it is empty; says whether it went.
    pub(super) fn remove_empty_at(&self, folder: &OwnedFd, name: &OsStr) -> io::Result<bool> {
        self.step()?;
        Ok(rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR).is_ok())
    }

    /// Waits until the names in an opened folder are on disk.
    pub(super) fn sync_folder_at(&self, folder: &OwnedFd) -> io::Result<()> {
        self.step()?;
        // Some file systems cannot; the names are then as durable as they get.
        match rustix::fs::fsync(folder) {
            Err(Errno::INVAL | Errno::BADF) | Ok(()) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Disk")
            .field("left", &self.left)
            .field("taken", &self.taken)
            .finish_non_exhaustive()
    }
}

/// The permissions of a file that is written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Permissions {
    /// Whether Git's mode is 100755.
    pub executable: bool,
    /// The exact bits, where the file replaces another.
    pub bits: Option<u32>,
    /// Owner and group, where the file replaces another.
    pub owner: Option<(u32, u32)>,
}
