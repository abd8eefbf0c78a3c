//! Changes to files, in the forms that people and models write them.
//!
//! [`parse`] reads an input in any mixture of four forms into [`Edit`]s; [`Plan::new`]
//! works out what they make of the files of a [`Base`]; [`Plan::diff`] is the result as
//! one diff, which [`GitCheck`] has Git itself apply to a temporary index; and
//! [`Applier`] writes it to the worktree, all or nothing, with a journal.
//!
//! This module knows no language (it asks [`SymbolSpans`] and [`SyntaxCheck`]), reads no
//! configuration, and prints nothing.

mod apply;
mod base;
mod body;
mod carry;
mod chunks;
mod diff;
mod disk;
mod edit;
mod error;
mod form;
mod git_check;
mod hidden;
mod hunks;
mod journal;
mod lines;
mod locate;
mod merge;
mod path;
mod place;
mod plan;
mod protect;
mod report;
mod reverse;
mod sections;
mod settle;
mod symbol;
mod tree;
mod worktree;

pub use apply::{Applied, Applier};
pub use base::{Base, Entry, File, FileMode, Memory, Obstacle};
pub use disk::Disk;
pub use edit::{Action, Chunk, DiffKind, Edit, FileDiff, Form, Hunk, HunkLine, Side, Target};
pub use error::PatchError;
pub use form::{ParseError, parse, parse_as};
pub use git_check::GitCheck;
pub use path::{PathFault, RepoPath};
pub use plan::{Change, Context, Options, Plan};
pub use protect::Protected;
pub use report::{Danger, Nearest, Note, Reason, Refusal, Rejection, SyntaxChange, Tolerated};
pub use symbol::{NoSymbols, SymbolFault, SymbolSpan, SymbolSpans, SyntaxCheck};
pub use worktree::Worktree;

/// The hash by which edits name a content: its Git blob id (SHA-1), in hexadecimal.
pub fn content_hash(content: &[u8]) -> String {
    use gix::objs::Kind;
    match gix::objs::compute_hash(gix::hash::Kind::Sha1, Kind::Blob, content) {
        Ok(id) => id.to_string(),
        // The hasher refuses only contents built to collide; such a content equals no hash.
        Err(_) => String::from("collision"),
    }
}
