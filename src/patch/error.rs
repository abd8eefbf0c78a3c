//! Why a patch was not applied.

use std::io;
use std::path::PathBuf;

use super::RepoPath;
use super::form::ParseError;
use super::report::{Refusal, Rejection, SyntaxChange};

/// Why a patch was not applied.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// The input is not a patch.
    #[error("the patch is not readable: {0}")]
    Parse(#[from] ParseError),
    /// Some of it is dangerous.
    #[error("refused: {}", refusals(.0))]
    Refused(Vec<Refusal>),
    /// Some of it does not apply; nothing was touched.
    #[error("the patch does not apply: {}", rejections(.0))]
    Rejected(Vec<Rejection>),
    /// It would add syntax errors, and that was forbidden.
    #[error("the patch adds syntax errors: {}", syntax(.0))]
    Syntax(Vec<SyntaxChange>),
    /// An `allow` pattern is not a glob.
    #[error("not a path pattern: {0}")]
    Pattern(#[from] globset::Error),
    /// Git does not take the diff that we made.
    #[error("git does not accept the change: {0}")]
    Git(String),
    /// Files changed between the plan and its application; nothing of ours is left.
    #[error("changed meanwhile: {}", paths(.0))]
    Changed(Vec<RepoPath>),
    /// An earlier application was cut short.
    #[error("an unfinished change was found ({0})")]
    Unfinished(String),
    /// There is no unfinished application.
    #[error("there is no unfinished change")]
    NothingUnfinished,
    /// There is no applied change to take back.
    #[error("there is no applied change to undo")]
    NothingToUndo,
    /// Another process applies a change.
    #[error("another process is applying a change")]
    Busy,
    /// The journal is damaged; the files are as the crash left them.
    #[error("the journal `{}` is damaged: {reason}", .path.display())]
    Journal {
        /// The journal's folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file system said no.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// The operating system's reason.
        source: io::Error,
    },
}

impl PatchError {
    /// Says what was being done when the file system said no.
    pub(super) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}

fn refusals(all: &[Refusal]) -> String {
    let text = |refusal: &Refusal| {
        let path = String::from_utf8_lossy(&refusal.path)
            .escape_debug()
            .to_string();
        format!("`{path}`: {}", refusal.danger)
    };
    joined(all, text)
}

fn rejections(all: &[Rejection]) -> String {
    let text = |rejection: &Rejection| {
        let path = String::from_utf8_lossy(&rejection.path)
            .escape_debug()
            .to_string();
        let hunk = rejection
            .hunk
            .map(|number| format!(" hunk {number}"))
            .unwrap_or_default();
        format!("`{path}`{hunk}: {}", rejection.reason)
    };
    joined(all, text)
}

fn syntax(all: &[SyntaxChange]) -> String {
    joined(all, |change| {
        format!("`{}` ({} → {})", change.path, change.before, change.after)
    })
}

fn paths(all: &[RepoPath]) -> String {
    joined(all, |path| format!("`{path}`"))
}

fn joined<T>(all: &[T], text: impl Fn(&T) -> String) -> String {
    let shown: Vec<_> = all.iter().take(5).map(text).collect();
    let more = all.len().saturating_sub(shown.len());
    let more = if more > 0 {
        format!("; and {more} more")
    } else {
        String::new()
    };
    format!("{}{more}", shown.join("; "))
}
