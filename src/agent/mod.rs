//! The recursive language model's loop.
//!
//! A model writes cells of Python, which run in a sandbox and see handles of
//! the repository instead of its text. What a cell asks for, the host does:
//! questions to the index, sub-agents, edits of a draft, tests. The draft
//! lands only through the gate.
//!
//! Absence: nothing here knows how a model is spoken to, opens a repository,
//! or prints.

mod answer;
mod broker;
mod child;
mod draft;
mod error;
mod gate;
mod land;
mod leak;
mod models;
mod page;
mod prompts;
mod protect;
mod questions;
mod run;
mod session;
mod source;
mod trajectory;
mod workplace;

pub use error::Error;
pub use models::{Models, Voice};
pub use page::page;
pub use run::{Ended, Outcome, run};
pub use trajectory::{RunId, Trajectory, answers_in, list_runs};
pub use workplace::{Ending, Step, Trial, Which, Workplace};

use std::time::Duration;

use crate::model::Redactor;

/// What a run may do and use.
#[derive(Clone, Debug)]
pub struct Options {
    /// Turns of the root, and of each agent that it starts.
    pub turns: u32,
    /// Tokens of all calls together.
    pub tokens: u64,
    /// Dollars of all calls together, as far as prices are known.
    pub cost: Option<f64>,
    /// Time on the clock.
    pub wall: Duration,
    /// Sub-agents at once.
    pub width: usize,
    /// How deep agents may start agents; 0 is not at all.
    pub depth: u32,
    /// Seconds that a cell may run by itself.
    pub cell: Duration,
    /// Characters of source that the root may peek at.
    pub peek: u64,
    /// Most tokens of one answer.
    pub answer_tokens: u32,
    /// Tokens of conversation after which old observations are shortened.
    pub context: u64,
    /// Tokens of source up to which several handles are read in one call.
    pub small: u64,
    /// Which tests must pass.
    pub tests: Tests,
    /// Whether tests and their configuration may be changed.
    pub test_changes: bool,
    /// Whether edits may land where no test ran.
    pub untested: bool,
    /// What is done with edits that pass.
    pub landing: Landing,
    /// What the repository's text may not hold where it is sent to a model;
    /// nothing where it may hold anything.
    pub secrets: Option<Redactor>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            turns: 20,
            tokens: 200_000,
            cost: None,
            wall: Duration::from_hours(1),
            width: 8,
            depth: 1,
            cell: Duration::from_mins(1),
            peek: 20_000,
            answer_tokens: 4096,
            context: 24_000,
            small: 1500,
            tests: Tests::All,
            test_changes: false,
            untested: false,
            landing: Landing::Edits,
            secrets: Some(Redactor::default()),
        }
    }
}

/// Which tests must pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tests {
    /// All of them, those that reach the change first.
    All,
    /// Those that reach the change; all where that cannot be known.
    Affected,
    /// A command, by its exit code.
    Command(String),
}

/// What is done with edits that pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    /// They are written to the working tree.
    Edits,
    /// They are written and committed.
    Commit,
    /// Nothing: they are shown.
    DryRun,
}
