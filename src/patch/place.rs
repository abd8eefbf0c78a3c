//! Puts files into place, so that what another process did meanwhile is seen and kept.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;

use super::RepoPath;
use super::base::FileMode;
use super::disk::{Disk, Permissions};
use super::error::PatchError;
use super::journal::{Op, OpFile, Saved};
use super::worktree::{Folder, Worktree, read_at};

pub(super) struct Placer<'a> {
    pub worktree: &'a Worktree,
    pub disk: &'a Disk,
}

/// Why a file is not put into place.
enum Stop {
    /// Another process changed it.
    Changed,
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(fault: io::Error) -> Self {
        Self::Io(fault)
    }
}

impl Placer<'_> {
    /// Brings every file from old to new, those that are new already excepted.
    pub(super) fn forward(&self, op: &Op) -> Result<(), PatchError> {
        let pending: Vec<_> = Self::each(op, "read", |file| {
            Ok(!self.is(&file.path, file.new.as_ref())?)
        })?;
        let pending: Vec<_> = op
            .files
            .iter()
            .zip(pending)
            .filter(|(_, p)| *p)
            .map(|(f, _)| f)
            .collect();
        let only = |files: &[&OpFile]| Op {
            files: files.iter().map(|file| (*file).clone()).collect(),
            ..Op {
                id: op.id.clone(),
                undoes: None,
                files: Vec::new(),
            }
        };
        let pending = only(&pending);
        // All the writing is done before anything is replaced: a full disk stops here.
        Self::each(&pending, "write beside", |file| self.stage(file))?;
        let changed: Vec<_> = Self::each(&pending, "read", |file| {
            Ok((!self.is(&file.path, file.old.as_ref())?).then(|| file.path.clone()))
        })?;
        let changed: Vec<_> = changed.into_iter().flatten().collect();
        if !changed.is_empty() {
            return Err(PatchError::Changed(changed));
        }
        Self::each(&pending, "remove", |file| {
            if file.new.is_none() {
                self.take_away(file)
            } else {
                Ok(())
            }
        })?;
        // Folders of files that are gone already, too: a cut-short run may have left them.
        let gone: Vec<_> = op.files.iter().filter(|file| file.new.is_none()).collect();
        Self::each(&only(&gone), "remove the folder of", |file| {
            self.prune(&file.path)
        })?;
        Self::each(&pending, "replace", |file| {
            if file.new.is_some() {
                self.put(file)
            } else {
                Ok(())
            }
        })?;
        self.sync(op).map_err(PatchError::io("wait for the disk"))
    }

    /// Removes the temporary files of a cut-short application. One that holds what
    /// another process wrote was exchanged for ours and goes back to its place, or, where
    /// that is taken, stays; the paths of those that stay are returned.
    pub(super) fn sweep(&self, op: &Op) -> Result<Vec<RepoPath>, PatchError> {
        let kept = Self::each(op, "tidy beside", |file| {
            let temp = OsStr::new(&file.temp);
            for folder in self.folders_above(&file.path)? {
                let Some((found, _)) = read_at(&folder, temp)? else {
                    continue;
                };
                let half_new = file
                    .new
                    .as_ref()
                    .is_some_and(|new| new.file.bytes.starts_with(&found.bytes));
                let half_old = file
                    .old
                    .as_ref()
                    .is_some_and(|old| old.file.bytes.starts_with(&found.bytes));
                if !half_new && !half_old {
                    if !self.is(&file.path, file.new.as_ref())? {
                        return Ok(Some(file.path.clone()));
                    }
                    let target = self.folder(&file.path)?;
                    let target = (&target, name_of(&file.path));
                    self.disk.replace(&folder, temp, target)?;
                    continue;
                }
                self.disk.remove_at(&folder, temp)?;
            }
            Ok(None)
        })?;
        Ok(kept.into_iter().flatten().collect())
    }

    /// The permission bits that a file has.
    pub(super) fn bits(&self, path: &RepoPath) -> Result<Option<u32>, PatchError> {
        let found = self
            .find(path)
            .map_err(PatchError::io(format!("read `{path}`")))?;
        Ok(found.map(|(_, metadata)| metadata.mode() & 0o777))
    }

    fn each<T>(
        op: &Op,
        doing: &str,
        act: impl Fn(&OpFile) -> Result<T, Stop>,
    ) -> Result<Vec<T>, PatchError> {
        op.files
            .iter()
            .map(|file| {
                act(file).map_err(|stop| match stop {
                    Stop::Changed => PatchError::Changed(vec![file.path.clone()]),
                    Stop::Io(source) => PatchError::Io {
                        doing: format!("{doing} `{}`", file.path),
                        source,
                    },
                })
            })
            .collect()
    }

    fn find(&self, path: &RepoPath) -> io::Result<Option<(super::File, std::fs::Metadata)>> {
        match self.worktree.folder_of(path)? {
            Folder::Open(folder) => match read_at(&folder, name_of(path)) {
                // A folder where a file is to be: no file is there.
                Err(fault)
                    if fault.kind() != io::ErrorKind::PermissionDenied
                        && is_folder(&folder, path) =>
                {
                    Ok(None)
                }
                found => found,
            },
            Folder::Missing | Folder::Blocked(_, super::Obstacle::File) => Ok(None),
            Folder::Blocked(at, by) => Err(io::Error::other(format!("`{at}` is {by}"))),
        }
    }

    fn is(&self, path: &RepoPath, saved: Option<&Saved>) -> io::Result<bool> {
        let found = self.find(path)?.map(|(file, _)| file);
        Ok(found.as_ref() == saved.map(|saved| &saved.file))
    }

    /// The folder of a path, which must be there.
    fn folder(&self, path: &RepoPath) -> io::Result<OwnedFd> {
        match self.worktree.folder_of(path)? {
            Folder::Open(folder) => Ok(folder),
            Folder::Missing => Err(io::Error::from(io::ErrorKind::NotFound)),
            Folder::Blocked(at, by) => Err(io::Error::other(format!("`{at}` is {by}"))),
        }
    }

    /// The folders above a path that are there, nearest first.
    fn folders_above(&self, path: &RepoPath) -> io::Result<Vec<OwnedFd>> {
        let mut found = Vec::new();
        let levels = path
            .ancestors()
            .into_iter()
            .rev()
            .map(|above| above.join(b"x"));
        let levels = [path.clone()]
            .into_iter()
            .chain(levels.skip(1))
            .chain([RepoPath::top(b"x")]);
        for level in levels {
            if let Folder::Open(folder) = self.worktree.folder_of(&level)? {
                found.push(folder);
            }
        }
        Ok(found)
    }

    /// Writes the new content to a temporary file in the nearest folder there is.
    fn stage(&self, file: &OpFile) -> Result<(), Stop> {
        let Some(new) = &file.new else { return Ok(()) };
        let folders = self.folders_above(&file.path)?;
        let folder = folders
            .first()
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let owner = self
            .find(&file.path)?
            .map(|(_, metadata)| (metadata.uid(), metadata.gid()));
        let executable = new.file.mode == FileMode::Executable;
        let permissions = Permissions {
            executable,
            bits: new.bits,
            owner,
        };
        Ok(self
            .disk
            .write_new_at(folder, OsStr::new(&file.temp), &new.file.bytes, permissions)?)
    }

    /// Removes a file, by way of its temporary name, where it is looked at once more.
    fn take_away(&self, file: &OpFile) -> Result<(), Stop> {
        let folder = self.folder(&file.path)?;
        let (name, temp) = (name_of(&file.path), OsStr::new(&file.temp));
        self.disk.move_free(&folder, name, (&folder, temp))?;
        if !holds_old(&folder, temp, file) {
            self.disk.move_free(&folder, temp, (&folder, name))?;
            return Err(Stop::Changed);
        }
        Ok(self.disk.remove_at(&folder, temp)?)
    }

    /// Puts the temporary file where it belongs. What stood there is looked at after it
    /// was exchanged, when no other process can reach it by its name any more.
    fn put(&self, file: &OpFile) -> Result<(), Stop> {
        let temp = OsStr::new(&file.temp);
        let staged = self.staged(file)?;
        self.make_folders(&file.path)?;
        let folder = self.folder(&file.path)?;
        let target = (&folder, name_of(&file.path));
        if file.old.is_none() {
            return match self.disk.move_free(&staged, temp, target) {
                Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => Err(Stop::Changed),
                done => Ok(done?),
            };
        }
        if self.disk.exchange(&staged, temp, target)? {
            if !holds_old(&staged, temp, file) {
                self.disk.exchange(&staged, temp, target)?;
                return Err(Stop::Changed);
            }
            return Ok(self.disk.remove_at(&staged, temp)?);
        }
        if !holds_old(target.0, target.1, file) {
            return Err(Stop::Changed);
        }
        Ok(self.disk.replace(&staged, temp, target)?)
    }

    fn staged(&self, file: &OpFile) -> io::Result<OwnedFd> {
        for folder in self.folders_above(&file.path)? {
            if rustix::fs::statat(
                &folder,
                file.temp.as_str(),
                rustix::fs::AtFlags::SYMLINK_NOFOLLOW,
            )
            .is_ok()
            {
                return Ok(folder);
            }
        }
        Err(io::Error::other("the temporary file has gone"))
    }

    fn make_folders(&self, path: &RepoPath) -> io::Result<()> {
        for level in path.ancestors() {
            if matches!(self.worktree.folder_of(&level.join(b"x"))?, Folder::Missing) {
                self.disk
                    .make_folder_at(&self.folder(&level)?, name_of(&level))?;
            }
        }
        Ok(())
    }

    /// Removes the folders that a removed file leaves empty, as Git does.
    fn prune(&self, path: &RepoPath) -> Result<(), Stop> {
        for level in path.ancestors().iter().rev() {
            match self.worktree.folder_of(level)? {
                Folder::Open(folder) if self.disk.remove_empty_at(&folder, name_of(level))? => {}
                _ => break,
            }
        }
        Ok(())
    }

    /// Waits for the names in every folder above a file: each may be new itself.
    fn sync(&self, op: &Op) -> io::Result<()> {
        let inside = |level: RepoPath| level.join(b"x");
        let mut levels = BTreeSet::from([RepoPath::top(b"x")]);
        levels.extend(
            op.files
                .iter()
                .flat_map(|file| file.path.ancestors())
                .map(inside),
        );
        for level in levels {
            if let Folder::Open(folder) = self.worktree.folder_of(&level)? {
                self.disk.sync_folder_at(&folder)?;
            }
        }
        Ok(())
    }
}

/// Whether a name holds the content before; what cannot be read does not.
fn holds_old(folder: &OwnedFd, name: &OsStr, file: &OpFile) -> bool {
    let found = read_at(folder, name).ok().flatten().map(|(file, _)| file);
    found.is_some() && found.as_ref() == file.old.as_ref().map(|old| &old.file)
}

fn name_of(path: &RepoPath) -> &OsStr {
    OsStr::from_bytes(path.name())
}

fn is_folder(folder: &OwnedFd, path: &RepoPath) -> bool {
    use rustix::fs::{AtFlags, FileType};
    rustix::fs::statat(folder, name_of(path), AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
}
