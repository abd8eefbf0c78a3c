//! From what went wrong to an exit code and a hint: the one table.

use std::time::Duration;

use crate::index::{self, BuildError};
use crate::patch::{Danger, PatchError};
use crate::runner::Missing;
use crate::sandbox::{SandboxError, TreeError};
use crate::{agent, git, record::Record};

/// Why a verb failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Git's side.
    #[error(transparent)]
    Git(#[from] git::Error),
    /// The index's side.
    #[error(transparent)]
    Index(#[from] index::Error),
    /// The patch's side.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// The sandbox's side.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// A view of the working tree for a sandbox cannot be made.
    #[error("cannot show the working tree to a sandbox: {0}")]
    View(#[from] TreeError),
    /// A test runner cannot be started.
    #[error(transparent)]
    Runner(#[from] Missing),
    /// There was nothing to run, which is no pass.
    #[error("{why}")]
    NoTests {
        /// Why.
        why: String,
    },
    /// Tests failed.
    #[error("{}", verdict(*failed, *ran))]
    TestsFailed {
        /// How many.
        failed: u32,
        /// Of how many that ran.
        ran: u32,
    },
    /// What is about to be pushed does not pass.
    #[error("the push is stopped")]
    PushStopped,
    /// The tests were stopped.
    #[error("the tests were stopped by the limit on {limit}{}", after(limit, *.wall))]
    LimitHit {
        /// Which limit.
        limit: &'static str,
        /// How long they might take.
        wall: Duration,
    },
    /// A run of the agent stopped without an end of its own.
    #[error(transparent)]
    Agent(agent::Error),
    /// A run of the agent ended, and nothing landed.
    #[error("nothing landed ({outcome}): {why}")]
    NotLanded {
        /// The run.
        run: String,
        /// How it ended.
        outcome: &'static str,
        /// Why.
        why: String,
        /// Whether the model gave no answer.
        unanswered: bool,
    },
    /// The embedder's side.
    #[error(transparent)]
    Vector(#[from] crate::vector::Error),
    /// Building was stopped.
    #[error("interrupted; what was indexed before is kept")]
    Interrupted {
        /// The signal that came.
        signal: u8,
    },
    /// With `--strict`: part of the repository cannot be read.
    #[error("{what}")]
    Incomplete {
        /// What cannot be read.
        what: String,
    },
    /// Arguments that contradict each other or cannot be read.
    #[error("{0}")]
    Usage(String),
    /// Nothing bears that name.
    #[error("no symbol `{text}`")]
    NoSymbol {
        /// What was asked for.
        text: String,
        /// The nearest names.
        nearest: Vec<String>,
    },
    /// A language that was added, or is to be, cannot be used.
    #[error(transparent)]
    Language(#[from] crate::lang::plugin::Error),
    /// A language did not pass its checks.
    #[error("the language `{name}` does not pass its checks{}", listed(problems))]
    LanguageFails {
        /// The language, or where it lies.
        name: String,
        /// What is wrong, where it was not said before.
        problems: Vec<String>,
    },
    /// A language has the name or the files of another.
    #[error("{with}")]
    LanguageClash {
        /// Which, as a sentence.
        with: String,
    },
    /// No language of that name was added.
    #[error("no language `{name}` was added{}", if *built_in { "; it is built in" } else { "" })]
    NoLanguage {
        /// The name.
        name: String,
        /// Whether it is one of the binary.
        built_in: bool,
    },
    /// The index is not to be built, and there is none.
    #[error("no index for {what}")]
    NoIndex {
        /// The commit, or the working tree.
        what: String,
    },
    /// Standard input or output failed.
    #[error("cannot {action}: {source}")]
    Stream {
        /// `write output`, `read standard input`.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Whether the same question may be answered later, with nothing changed here.
fn may_pass(error: &crate::model::Error) -> bool {
    use crate::model::Error as Model;
    !matches!(
        error,
        Model::NotConfigured { .. }
            | Model::NotRecorded { .. }
            | Model::ContextOverflow { .. }
            | Model::Rejected { .. }
    )
}

fn listed(problems: &[String]) -> String {
    problems.iter().fold(String::new(), |text, problem| {
        format!(
            "{text}{} {problem}",
            if text.is_empty() { ":" } else { ";" }
        )
    })
}

fn verdict(failed: u32, ran: u32) -> String {
    if failed == 0 {
        format!("the test runner failed, though none of {ran} tests did")
    } else {
        format!("{failed} of {ran} tests failed")
    }
}

fn after(limit: &str, wall: Duration) -> String {
    match limit {
        "wall" => format!(" time, after {} s", wall.as_secs()),
        _ => String::new(),
    }
}

impl From<agent::Error> for Error {
    fn from(error: agent::Error) -> Self {
        match error {
            agent::Error::Index(error) => Self::Index(error),
            agent::Error::Vector(error) => Self::Vector(error),
            agent::Error::Patch(error) => Self::Patch(error),
            agent::Error::Sandbox(error) => Self::Sandbox(error),
            agent::Error::Trial(error) => error.into(),
            agent::Error::Runner(error) => Self::Runner(error),
            agent::Error::Host(error) => match error.downcast::<Self>() {
                Ok(error) => *error,
                Err(error) => Self::Agent(agent::Error::Host(error)),
            },
            other => Self::Agent(other),
        }
    }
}

impl From<crate::runner::TrialError> for Error {
    fn from(error: crate::runner::TrialError) -> Self {
        match error {
            crate::runner::TrialError::Sandbox(error) => Self::Sandbox(error),
            crate::runner::TrialError::View(error) => Self::View(error),
            crate::runner::TrialError::Io { action, source } => Self::Stream { action, source },
        }
    }
}

impl From<crate::query::SearchError> for Error {
    fn from(error: crate::query::SearchError) -> Self {
        match error {
            crate::query::SearchError::Index(error) => Self::Index(error),
            crate::query::SearchError::Vector(error) => Self::Vector(error),
        }
    }
}

impl From<BuildError> for Error {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Store(error) => Self::Index(error),
            BuildError::Cancelled => Self::Interrupted { signal: 2 },
            BuildError::Embedder(error) => Self::Vector(error),
        }
    }
}

/// How a failure is told: stable code, exit code, whether to try again.
struct Kind(&'static str, u8, bool);

impl Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Git(error) => match error {
                git::Error::ForeignOwner { .. } => Kind("untrusted_owner", 9, false),
                git::Error::UnsafeBare { .. } => Kind("unsafe_bare_repository", 9, false),
                git::Error::UnsafePath { .. } => Kind("unsafe_path", 9, false),
                git::Error::Unstable { .. } => Kind("unstable_file", 5, true),
                git::Error::Io { .. } => Kind("io", 5, false),
                git::Error::UnknownRevision { .. } | git::Error::AmbiguousRevision { .. } => {
                    Kind("bad_revision", 3, false)
                }
                _ => Kind("repository", 3, false),
            },
            Self::Index(error) => match error {
                index::Error::Busy { .. } => Kind("busy", 6, true),
                index::Error::Refused { .. } => Kind("refused", 9, false),
                index::Error::Io { .. } => Kind("io", 5, false),
                index::Error::NewerFormat { .. } => Kind("newer_format", 4, false),
                _ => Kind("damaged_index", 4, true),
            },
            Self::Patch(error) => match error {
                PatchError::Parse(_) => Kind("unreadable_patch", 2, false),
                PatchError::Pattern(_) => Kind("usage", 2, false),
                PatchError::Refused(_) | PatchError::Git(_) => Kind("refused", 9, false),
                PatchError::Rejected(_) => Kind("does_not_apply", 1, false),
                PatchError::Syntax(_) => Kind("syntax_errors", 1, false),
                PatchError::Changed(_) => Kind("changed_meanwhile", 1, true),
                PatchError::NothingUnfinished | PatchError::NothingToUndo => {
                    Kind("nothing_to_do", 1, false)
                }
                PatchError::Busy => Kind("busy", 6, true),
                PatchError::Unfinished(_) => Kind("unfinished_change", 5, false),
                PatchError::Journal { .. } => Kind("damaged_journal", 5, false),
                PatchError::Io { .. } => Kind("io", 5, false),
            },
            Self::Interrupted { signal } => Kind("interrupted", 128 + signal, true),
            Self::Incomplete { .. } => Kind("incomplete", 1, true),
            Self::Sandbox(_) => Kind("sandbox", 8, false),
            Self::View(TreeError::Refused { .. }) => Kind("refused", 9, false),
            Self::View(TreeError::Io { .. }) => Kind("io", 5, false),
            Self::Runner(_) => Kind("no_runner", 2, false),
            Self::NoTests { .. } => Kind("no_tests", 1, false),
            Self::PushStopped => Kind("push_stopped", 1, false),
            Self::TestsFailed { .. } => Kind("tests_failed", 1, false),
            Self::LimitHit { .. } => Kind("limit", 8, false),
            Self::Agent(error) => match error {
                agent::Error::NoRun { .. } | agent::Error::Over { .. } => Kind("no_run", 1, false),
                agent::Error::OtherTree { .. } => Kind("changed_meanwhile", 1, false),
                agent::Error::Busy { .. } => Kind("busy", 6, true),
                agent::Error::Model(error) => Kind("model", 7, may_pass(error)),
                agent::Error::Session { .. } => Kind("sandbox", 8, false),
                agent::Error::Secret { .. } => Kind("secret", 9, false),
                _ => Kind("io", 5, false),
            },
            Self::NotLanded {
                unanswered: true, ..
            } => Kind("model", 7, true),
            Self::NotLanded {
                outcome: "stopped", ..
            } => Kind("stopped", 130, true),
            Self::NotLanded { .. } => Kind("not_landed", 1, false),
            Self::Vector(error) => match error {
                crate::vector::Error::Mismatch { .. } => Kind("embedder_mismatch", 4, false),
                crate::vector::Error::Endpoint(_) => Kind("embedder_endpoint", 7, true),
                _ => Kind("embedder", 4, false),
            },
            Self::Usage(_) => Kind("usage", 2, false),
            Self::NoSymbol { .. } => Kind("no_symbol", 1, false),
            Self::Language(error) => match error {
                crate::lang::plugin::Error::NoSupport => Kind("unsupported", 3, false),
                crate::lang::plugin::Error::Io { .. } => Kind("io", 5, false),
                _ => Kind("bad_language", 1, false),
            },
            Self::LanguageFails { .. } => Kind("bad_language", 1, false),
            Self::LanguageClash { .. } => Kind("language_exists", 2, false),
            Self::NoLanguage { .. } => Kind("no_language", 1, false),
            Self::NoIndex { .. } => Kind("no_index", 4, true),
            Self::Stream { .. } => Kind("stream", 5, false),
        }
    }

    /// The exit code.
    pub fn exit(&self) -> u8 {
        self.kind().1
    }

    /// Whether it is only that whoever reads has enough.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Stream { source, .. } if source.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Git(error) => match error {
                git::Error::NotARepository { .. } => {
                    "pass `--no-git DIR` to look at a plain folder".to_owned()
                }
                git::Error::ForeignOwner { repository, .. } => format!(
                    "if you trust it, run `git config --global --add safe.directory {}`",
                    repository.display()
                ),
                git::Error::UnsafeBare { .. } => "name it with `GIT_DIR`".to_owned(),
                git::Error::UnknownRevision { .. } => {
                    "see `git log` and `git branch --all` for what there is".to_owned()
                }
                git::Error::Unborn { .. } => {
                    "make a commit, or leave `--at` out to ask about the working tree".to_owned()
                }
                git::Error::CorruptIndex { .. } => {
                    "pass `--at HEAD` to ask about the commit, or repair it with `git reset`"
                        .to_owned()
                }
                git::Error::NoWorkTree { .. } => "name a revision with `--at`".to_owned(),
                git::Error::MissingObject { .. } | git::Error::CorruptObject { .. } => {
                    "run `git fsck`".to_owned()
                }
                _ => return None,
            },
            Self::Index(error) => match error {
                index::Error::Busy { .. } => "try again when it is done".to_owned(),
                index::Error::NewerFormat { .. } => {
                    "upgrade `happy`, or name another folder with `--index-dir`".to_owned()
                }
                error if error.is_full() => {
                    "free some space, or name another folder with `--index-dir`".to_owned()
                }
                _ => return None,
            },
            Self::Patch(error) => match error {
                PatchError::Unfinished(_) => {
                    "run `happy patch --continue` to complete it, or `happy patch --abort` to take it back".to_owned()
                }
                PatchError::Journal { .. } => {
                    "look at the files, then drop it with `happy patch --discard`".to_owned()
                }
                PatchError::Refused(all)
                    if all.iter().all(|refusal| {
                        matches!(refusal.danger, Danger::Protected | Danger::Hidden { .. })
                    }) =>
                {
                    "if you want it, pass `--allow` with a pattern of the path".to_owned()
                }
                PatchError::Rejected(_) => {
                    "the records say which edits, and what stands there instead".to_owned()
                }
                PatchError::Changed(_) => "look at the files and run it again".to_owned(),
                PatchError::Busy => "try again when it is done".to_owned(),
                _ => return None,
            },
            Self::Sandbox(_) => "`happy doctor` says what each sandbox needs".to_owned(),
            Self::Runner(missing) => missing.hint.clone(),
            Self::NotLanded { run, outcome, .. } => match *outcome {
                "budget" => format!(
                    "take it up again with `happy agent --resume {run}` and a larger budget"
                ),
                "failed" | "stopped" => {
                    format!("take it up again with `happy agent --resume {run}`")
                }
                _ => format!("`happy agent log {run}` shows what happened"),
            },
            Self::Agent(agent::Error::NoRun { .. }) => {
                "`happy agent log` lists the runs".to_owned()
            }
            Self::Agent(agent::Error::Secret { run, .. }) => format!(
                "take it out of the file, or look at it and pass `--allow-secrets`; `--resume {run}` goes on"
            ),
            Self::Agent(agent::Error::OtherTree { .. }) => {
                "put the files back, or start a new run".to_owned()
            }
            Self::LimitHit { limit: "wall", .. } => "allow more with `--timeout`".to_owned(),
            Self::LimitHit { limit: "memory", .. } => "allow more with `--memory`".to_owned(),
            Self::NoSymbol { nearest, .. } if !nearest.is_empty() => {
                let names: Vec<String> = nearest.iter().map(|name| format!("`{name}`")).collect();
                format!("did you mean {}?", names.join(", "))
            }
            Self::Language(crate::lang::plugin::Error::NoSupport) => {
                "released binaries and wheels have it; from source, `cargo install --path . --features wasm`".to_owned()
            }
            Self::LanguageFails { problems, .. } if !problems.is_empty() => {
                "`docs/languages.md` says what each part means".to_owned()
            }
            Self::LanguageClash { .. } => {
                "pass `--replace` if this language is to have them".to_owned()
            }
            Self::NoLanguage { .. } => "`happy lang list` says which there are".to_owned(),
            Self::NoIndex { .. } => "run `happy index`".to_owned(),
            Self::Vector(crate::vector::Error::Mismatch { .. }) => {
                "choose the embedder that made them with `HAPPY_EMBEDDER` and `HAPPY_EMBEDDING_MODEL`, or run `happy index` to make them anew".to_owned()
            }
            _ => return None,
        };
        Some(text)
    }

    /// The failure as a record.
    pub fn record(&self) -> Record {
        let Kind(code, exit, retryable) = self.kind();
        Record::Error {
            code,
            exit,
            retryable,
            message: self.to_string(),
            hint: self.hint(),
        }
    }
}
