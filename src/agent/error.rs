//! Why a run stopped without an end of its own.

use std::path::PathBuf;

use crate::patch::PatchError;
use crate::sandbox::SandboxError;
use crate::{index, model, query, runner, vector};

/// Why a run stopped without an end of its own.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The index's side.
    #[error(transparent)]
    Index(#[from] index::Error),
    /// The embedder's side.
    #[error(transparent)]
    Vector(#[from] vector::Error),
    /// The patch's side.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// The sandbox's side.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The tests' side.
    #[error(transparent)]
    Trial(#[from] runner::TrialError),
    /// A test runner cannot be started.
    #[error(transparent)]
    Runner(#[from] runner::Missing),
    /// The model's side.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// What the verb that started the run says.
    #[error("{0}")]
    Host(Box<dyn std::error::Error + Send + Sync>),
    /// A file of the run cannot be read or written.
    #[error("cannot {action} `{}`: {source}", .path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A trajectory that is not one.
    #[error("`{}` is damaged at line {line}: {message}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
    /// There is no such run.
    #[error("there is no run `{run}`")]
    NoRun {
        /// What was asked for.
        run: String,
    },
    /// Another process is at work on the run.
    #[error("another process is at work on the run `{run}`")]
    Busy {
        /// The run.
        run: String,
    },
    /// The run ended already.
    #[error("the run `{run}` has ended: {outcome}")]
    Over {
        /// The run.
        run: String,
        /// How.
        outcome: String,
    },
    /// The working tree is not the one that the run began with.
    #[error("the working tree has changed since the run `{run}` began")]
    OtherTree {
        /// The run.
        run: String,
    },
    /// The repository's text holds what must not be sent.
    #[error("refused to send: looks like {what} in {path}:{line}")]
    Secret {
        /// The run.
        run: String,
        /// What it looks like.
        what: &'static str,
        /// The file.
        path: String,
        /// The line, from 1.
        line: u32,
    },
    /// The sandboxed session cannot be kept alive.
    #[error("the session does not start: {why}")]
    Session {
        /// What it said.
        why: String,
    },
}

impl From<query::SearchError> for Error {
    fn from(error: query::SearchError) -> Self {
        match error {
            query::SearchError::Index(error) => Self::Index(error),
            query::SearchError::Vector(error) => Self::Vector(error),
        }
    }
}
