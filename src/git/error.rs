//! What can go wrong when Git's files are read.

use std::path::{Path, PathBuf};

use super::ObjectId;

/// A failure to read what Git stores, by what a caller can do about it.
///
/// The text says what is wrong and where; hints and exit codes are chosen by
/// the command line alone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No repository at the start or above it.
    #[error("not a git repository (or any parent up to {}): `{}`", .stopped.display(), .start.display())]
    NotARepository {
        /// Where the search began.
        start: PathBuf,
        /// The last folder that was looked at.
        stopped: PathBuf,
    },
    /// A `.git` file, `commondir` or `GIT_DIR` that leads nowhere.
    #[error("`{}` does not lead to a git repository: {reason}", .path.display())]
    BrokenLink {
        /// The file or folder at fault.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The repository belongs to somebody else and is not listed as safe.
    #[error("dubious ownership: `{}` belongs to user {owner}, not to user {user}", .path.display())]
    ForeignOwner {
        /// The path whose owner differs.
        path: PathBuf,
        /// The path that `safe.directory` would have to name.
        repository: PathBuf,
        /// The owner's user id.
        owner: u32,
        /// The user id that was expected.
        user: u32,
    },
    /// The repository needs a capability that is not known here.
    #[error("repository uses extension `{name}`, which is not known here")]
    UnknownExtension {
        /// The key below `extensions.`, with its value where that is at fault.
        name: String,
    },
    /// The repository's format version is newer than what is known here.
    #[error("repository format version {version} is not supported (at most 1 is)")]
    UnsupportedFormat {
        /// `core.repositoryFormatVersion` as written.
        version: i64,
    },
    /// A bare repository found by walking up while `safe.bareRepository` is `explicit`.
    #[error("bare repository found by walking up: `{}` (`safe.bareRepository` is `explicit`)", .path.display())]
    UnsafeBare {
        /// The bare repository.
        path: PathBuf,
    },
    /// A configuration file that cannot be understood.
    #[error("cannot read the configuration `{}`: {reason}", .path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A name that no reference and no object answers to.
    #[error("unknown revision `{revision}`")]
    UnknownRevision {
        /// The revision as given.
        revision: String,
    },
    /// An abbreviated id that several objects share.
    #[error("revision `{revision}` is ambiguous: {}", .candidates.join(", "))]
    AmbiguousRevision {
        /// The revision as given.
        revision: String,
        /// The full ids it could mean.
        candidates: Vec<String>,
    },
    /// `HEAD` names a branch that has no commit yet.
    #[error("branch `{branch}` has no commits yet")]
    Unborn {
        /// The branch that `HEAD` names.
        branch: String,
    },
    /// Two revisions without a common ancestor, where one is needed.
    #[error("`{left}` and `{right}` have no common ancestor")]
    NoMergeBase {
        /// The left side of `...`.
        left: String,
        /// The right side of `...`.
        right: String,
    },
    /// An object that is something else than what was asked for.
    #[error("object {id} is a {found}, not a {expected}")]
    WrongKind {
        /// The object.
        id: ObjectId,
        /// What was asked for.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// An object that is not in the object database, and is never fetched.
    #[error("object {id} is missing")]
    MissingObject {
        /// The object.
        id: ObjectId,
    },
    /// An object that is there and cannot be decoded.
    #[error("object {id} is corrupt: {reason}")]
    CorruptObject {
        /// The object.
        id: ObjectId,
        /// What the decoder said.
        reason: String,
    },
    /// The object database cannot be opened.
    #[error("cannot open the object database `{}`: {reason}", .path.display())]
    ObjectDatabase {
        /// The `objects` folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Git's index cannot be decoded, so the working tree has no baseline.
    #[error("git index `{}` is unreadable: {reason}", .path.display())]
    CorruptIndex {
        /// The index file.
        path: PathBuf,
        /// What the decoder said.
        reason: String,
    },
    /// A question about the working tree of a repository that has none.
    #[error("`{}` is a bare repository and has no working tree", .git_dir.display())]
    NoWorkTree {
        /// The repository.
        git_dir: PathBuf,
    },
    /// A path that leaves the working tree, names `.git` or passes through a symbolic link.
    #[error("refused to read `{path}`: {reason}")]
    UnsafePath {
        /// The path, lossily decoded.
        path: String,
        /// Why it is refused.
        reason: &'static str,
    },
    /// A file that did not hold still while it was read.
    #[error("`{path}` keeps changing while it is read")]
    Unstable {
        /// The path, lossily decoded.
        path: String,
    },
    /// The `git` program is not on `PATH`.
    #[error("the `git` program is not on PATH")]
    NoGitProgram,
    /// The `git` program ended with an error.
    #[error("`git {command}` failed: {stderr}")]
    GitProgram {
        /// The arguments, joined.
        command: String,
        /// What it wrote to standard error, trimmed.
        stderr: String,
    },
    /// The operating system refused.
    #[error("cannot {action} `{}`: {source}", .path.display())]
    Io {
        /// What was attempted: `read`, `open` and the like.
        action: &'static str,
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The result of reading something of Git's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Wraps what the operating system said about `path`.
    pub(super) fn io(action: &'static str, path: &Path, source: impl Into<std::io::Error>) -> Self {
        Self::Io {
            action,
            path: path.to_owned(),
            source: source.into(),
        }
    }
}
