//! What can be wrong with an index, in the words a caller decides by.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why something under `.git/happy/` could not be read or written.
///
/// The variants differ where the caller must act differently: what
/// [`Error::is_rebuildable`] is rebuilt and the answer is right all the same;
/// the others are told to the user.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file ends before it should.
    #[error("`{}` is truncated (expected {expected} bytes, found {found})", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Bytes the header promises, or the least a header needs.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// The file's bytes contradict each other or their checksums.
    #[error("`{}` is damaged: {what}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What contradicts.
        what: String,
    },
    /// The file is sound but describes something else.
    #[error("`{}` belongs to another {what}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What differs: `repository`, `commit`, `tree`, `kind`, …
        what: &'static str,
    },
    /// A newer version of the program wrote it; it is left alone.
    #[error("`{}` has index format {found}, newer than this program's ({ours})", path.display())]
    NewerFormat {
        /// The file or folder.
        path: PathBuf,
        /// The version it has.
        found: u32,
        /// The version this program writes.
        ours: u32,
    },
    /// An older version of the program wrote it; it is rebuilt.
    #[error("`{}` has index format {found}, older than this program's ({ours})", path.display())]
    OlderFormat {
        /// The file or folder.
        path: PathBuf,
        /// The version it has.
        found: u32,
        /// The version this program writes.
        ours: u32,
    },
    /// Another process held the writer's lock for all of the time allowed.
    #[error("another process{} is writing the index; waited {:.1} s", holder(*pid), waited.as_secs_f32())]
    Busy {
        /// The holder, if it wrote its process id into the lock file.
        pid: Option<u32>,
        /// How long this process waited.
        waited: Duration,
    },
    /// Something that must be a plain folder or file is a link or something else.
    #[error("refused: `{}` {what}", path.display())]
    Refused {
        /// The offender.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The operating system said no.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// The verb: `read`, `write`, `rename`, …
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
}

impl Error {
    /// Wraps an operating system's error with what was attempted.
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }

    /// Wraps a contradiction found in `path`.
    pub(super) fn corrupt(path: &Path, what: impl Into<String>) -> Self {
        Self::Corrupt {
            path: path.to_owned(),
            what: what.into(),
        }
    }

    /// Whether the file can be thrown away and its content computed again.
    pub fn is_rebuildable(&self) -> bool {
        matches!(
            self,
            Self::Truncated { .. }
                | Self::Corrupt { .. }
                | Self::Foreign { .. }
                | Self::OlderFormat { .. }
        )
    }

    /// Whether the folder cannot be written to: read-only, or not permitted.
    pub fn is_read_only(&self) -> bool {
        matches!(self, Self::Io { source, .. } if matches!(
            source.kind(),
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied
        ))
    }

    /// Whether the disk or the quota is full.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Io { source, .. } if matches!(
            source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        ))
    }

    /// Whether the file is not there.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

fn holder(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default()
}
