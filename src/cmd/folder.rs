//! A plain folder in the place of a repository.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::error::Error;
use crate::git::{self, ObjectFormat, ObjectId};
use crate::index::{Source, SourceFile};

/// The files of a folder, by path; ignored and hidden ones are left out.
pub fn read(root: &Path) -> Result<Vec<SourceFile>, Error> {
    if !root.is_dir() {
        let source = std::io::ErrorKind::NotFound.into();
        return Err(git::Error::Io {
            action: "read",
            path: root.to_owned(),
            source,
        }
        .into());
    }
    let walk = ignore::WalkBuilder::new(root)
        .follow_links(false)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git" && entry.file_name() != ".happy")
        .build();
    let mut files = Vec::new();
    for entry in walk.flatten() {
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let Ok(relative) = entry.path().strip_prefix(root) else {
            continue;
        };
        let Ok(bytes) = std::fs::read(entry.path()) else {
            continue;
        };
        let Some(id) = ObjectId::of_blob(ObjectFormat::Sha1, &bytes) else {
            continue;
        };
        let path = relative.as_os_str().as_bytes().to_vec();
        files.push(SourceFile {
            path,
            id,
            flags: 0,
            unflags: 0,
        });
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

/// Reads the files of a folder.
pub struct FolderSource<'a> {
    /// The folder.
    pub root: &'a Path,
    /// Its files.
    pub files: &'a [SourceFile],
}

impl Source for FolderSource<'_> {
    fn read(&self, at: usize) -> Result<Vec<u8>, git::Error> {
        let path = self
            .root
            .join(std::ffi::OsStr::from_bytes(&self.files[at].path));
        std::fs::read(&path).map_err(|source| git::Error::Io {
            action: "read",
            path,
            source,
        })
    }

    fn len(&self, at: usize) -> Option<u64> {
        let path = self
            .root
            .join(std::ffi::OsStr::from_bytes(&self.files[at].path));
        std::fs::metadata(path).ok().map(|found| found.len())
    }
}
