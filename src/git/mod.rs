//! What Git knows: revisions, trees, blobs and the state of the working tree.
//!
//! Everything above reads a repository through [`Repo`]. This module does not
//! know what the bytes mean: no language, no facts, no index. It executes
//! nothing that a repository's configuration names; the one program it starts
//! is `git` itself, in [`exec`], with such names taken away. It never fetches.

mod attributes;
mod config;
mod diff;
mod discover;
mod environment;
mod error;
pub mod exec;
pub mod hook;
mod objects;
mod oid;
mod repo;
mod revision;
mod settings;
mod tree;
mod trust;
mod worktree;

pub use attributes::{Attributes, FileAttributes, Text};
pub use diff::Change;
pub use environment::Environment;
pub use error::{Error, Result};
pub use objects::{Kind, Objects};
pub use oid::{InvalidId, ObjectFormat, ObjectId};
pub use repo::{Head, Repo};
pub use revision::{Commit, Range};
pub use settings::{GitSetting, user_settings};
pub use tree::{Listing, Mode, SkipReason, Skipped, TreeFile};
pub use worktree::{Origin, StatCache, Unreadable, Worktree};
