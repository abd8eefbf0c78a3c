//! Paths that are safe by construction: a `RepoPath` cannot name anything outside
//! the repository, nor its `.git` under any file system's spelling.

use std::fmt;
use std::path::PathBuf;

/// A path inside the repository: bytes, `/` between components, no way out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Vec<u8>);

/// Why a path was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// Nothing is named.
    #[error("the path is empty or has an empty component")]
    Empty,
    /// It starts at the root or at a drive.
    #[error("the path is absolute")]
    Absolute,
    /// A component is `.` or `..`.
    #[error("the path has a `.` or `..` component")]
    Dots,
    /// A component is `.git`, or a file system may read it as `.git`.
    #[error("the path names `.git`")]
    DotGit,
    /// A NUL byte would cut the name short.
    #[error("the path has a NUL byte")]
    Nul,
    /// A character that makes the name read otherwise than it is.
    #[error("the path has an invisible or direction-changing character")]
    Hidden,
    /// Longer than any file system takes.
    #[error("the path is too long")]
    TooLong,
}

impl RepoPath {
    /// Checks a path as the input wrote it.
    pub fn new(bytes: &[u8]) -> Result<Self, PathFault> {
        if bytes.len() > 4096 {
            return Err(PathFault::TooLong);
        }
        if bytes.contains(&0) {
            return Err(PathFault::Nul);
        }
        if matches!(bytes, [b'/' | b'\\', ..])
            || matches!(bytes, [drive, b':', b'/' | b'\\', ..] if drive.is_ascii_alphabetic())
        {
            return Err(PathFault::Absolute);
        }
        for component in bytes.split(|byte| *byte == b'/') {
            check_component(component)?;
        }
        if super::hidden::in_text(bytes).is_some() {
            return Err(PathFault::Hidden);
        }
        Ok(Self(bytes.to_vec()))
    }

    /// The path's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The components, outermost first.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.split(|byte| *byte == b'/')
    }

    /// The last component.
    pub fn name(&self) -> &[u8] {
        self.components().next_back().unwrap_or_default()
    }

    /// The folder it lies in; `None` at the top.
    pub fn parent(&self) -> Option<Self> {
        let end = self.0.iter().rposition(|byte| *byte == b'/')?;
        Some(Self(self.0[..end].to_vec()))
    }

    /// All folders above it, outermost first.
    pub fn ancestors(&self) -> Vec<Self> {
        let slashes = self.0.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        slashes.map(|(at, _)| Self(self.0[..at].to_vec())).collect()
    }

    /// The path of an entry of this folder.
    pub(super) fn join(&self, name: &[u8]) -> Self {
        Self([&self.0, b"/".as_slice(), name].concat())
    }

    /// An entry at the top, whose name is one that a listing gave.
    pub(super) fn top(name: &[u8]) -> Self {
        Self(name.to_vec())
    }

    /// The operating system's spelling, relative to the root.
    pub fn to_path(&self) -> PathBuf {
        use std::os::unix::ffi::OsStrExt as _;
        PathBuf::from(std::ffi::OsStr::from_bytes(&self.0))
    }
}

/// Git's own rules for every platform at once: a patch accepted on Linux must not
/// become an attack where the repository is checked out next.
fn check_component(component: &[u8]) -> Result<(), PathFault> {
    use gix::validate::path::component::{Error, Options};
    if component.is_empty() {
        return Err(PathFault::Empty);
    }
    let options = Options {
        protect_windows: false,
        protect_hfs: true,
        protect_ntfs: true,
    };
    // A backslash parts names where NTFS is used, so each part is looked at.
    for part in component.split(|byte| *byte == b'\\') {
        match part {
            b"" => continue,
            b"." | b".." => return Err(PathFault::Dots),
            _ => {}
        }
        match gix::validate::path::component(part.into(), None, options) {
            Ok(_) => {}
            Err(Error::Relative) => return Err(PathFault::Dots),
            Err(_) => return Err(PathFault::DotGit),
        }
    }
    Ok(())
}

impl fmt::Display for RepoPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", String::from_utf8_lossy(&self.0).escape_debug())
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{self}`")
    }
}
