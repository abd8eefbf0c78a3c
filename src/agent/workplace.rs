//! What the agent asks of whoever holds the repository.
//!
//! The agent opens no repository, reads no clock and prints nothing: the verb
//! that starts it does, and the sandbox is chosen there.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use super::Error;
use crate::index::Snapshot;
use crate::patch::{Applied, Edit, Plan};
use crate::record::agent::Event;
use crate::runner::{Outcome, Test};
use crate::sandbox::Chosen;
use crate::vector::Embedder;

/// The repository that a run is about, in the state in which the run began.
pub trait Workplace {
    /// The index of that state.
    fn snapshot(&self) -> &Snapshot;

    /// The bytes of a file of the index.
    fn read(&self, file: u32) -> Result<Vec<u8>, Error>;

    /// What searches by meaning: the embedder that made the index.
    fn embedder(&self) -> Result<Box<dyn Embedder + '_>, Error>;

    /// What edits make of the working tree.
    fn plan(&self, edits: &[Edit]) -> Result<Plan, Error>;

    /// The same changes on the working tree as it is now, merged with what
    /// changed since.
    fn rebase(&self, plan: &Plan) -> Result<Plan, Error>;

    /// Whether the working tree is still in the state in which the run began.
    fn is_base(&self) -> Result<bool, Error>;

    /// Takes the present state of the working tree for the base.
    fn move_base(&self) -> Result<(), Error>;

    /// The tests that a plan reaches; `None` where any may be.
    fn affected(&self, plan: &Plan) -> Result<Option<Vec<Test>>, Error>;

    /// Runs tests in the sandbox, on the base or on what a plan makes of it.
    fn test(&self, plan: Option<&Plan>, which: &Which) -> Result<Trial, Error>;

    /// Writes a plan to the working tree, all of it or nothing.
    fn apply(&self, plan: &Plan) -> Result<Applied, Error>;

    /// Completes what a crash cut short; nothing where nothing was.
    fn recover(&self) -> Result<Option<Applied>, Error>;

    /// The hash of what the working tree has at a path; empty for nothing.
    fn hash_of(&self, path: &str) -> Result<String, Error>;

    /// Paths of a plan that have edits of the user's which are not committed.
    fn uncommitted(&self, plan: &Plan) -> Result<Vec<String>, Error>;

    /// Commits files as the working tree has them; answers the commit's id.
    fn commit(&self, paths: &[String], message: &str) -> Result<String, Error>;

    /// The sandbox that sessions run in.
    fn sandbox(&self) -> Chosen;

    /// The Python that sessions run in, and what it reads.
    fn python(&self) -> Result<(PathBuf, Vec<PathBuf>), Error>;

    /// The commit of HEAD, if there is one.
    fn head(&self) -> Option<String>;

    /// A name for the state in which the run began.
    fn base(&self) -> String;

    /// The present time.
    fn now(&self) -> SystemTime;

    /// Tells of something that happened.
    fn tell(&self, event: &Event);

    /// Tells of something that begins, for whoever watches: that it ended is
    /// told by an event with its key.
    fn begin(&self, _step: &Step<'_>) {}

    /// Whether the run is to end with what it has.
    fn stopped(&self) -> bool {
        false
    }

    /// Warns the user.
    fn warn(&self, text: &str);
}

/// Something that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A model is asked.
    Asks {
        /// The key of its reply, or of its failure.
        key: &'a str,
        /// What a sub-agent reads; empty for the root.
        about: &'a str,
    },
    /// A cell asks the host for something.
    Calls {
        /// The key of the call.
        key: &'a str,
        /// What is called.
        name: &'a str,
        /// What about.
        about: &'a str,
    },
    /// A call asks that many sub-agents.
    Fans {
        /// The key of the call.
        key: &'a str,
        /// How many.
        count: usize,
    },
}

/// Which tests to run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// All of them.
    All,
    /// These.
    Some(Vec<Test>),
    /// A command of the user's, whose exit code is the verdict.
    Command(String),
}

/// How a test ended, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// How.
    pub outcome: Outcome,
    /// Why it failed.
    pub message: Option<String>,
}

/// What a run of tests came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trial {
    /// Each test by its name.
    pub cases: BTreeMap<String, Ending>,
    /// What went wrong beside the tests: a limit, an exit code that no test
    /// explains, a runner that is not there.
    pub trouble: Option<String>,
    /// The last of what was printed, where no test explains the failure.
    pub output: String,
    /// Printed refusals of the network.
    pub denied_network: u32,
}

impl Trial {
    /// Takes note of a test. Of two endings under one name the worse counts:
    /// what says it passed cannot hide what failed.
    pub fn note(&mut self, name: &str, ending: Ending) {
        let known = self.cases.get(name);
        if known.is_none_or(|known| badness(known.outcome) < badness(ending.outcome)) {
            self.cases.insert(name.to_owned(), ending);
        }
    }

    /// The names of the tests that ended so.
    pub fn named(&self, outcome: Outcome) -> impl Iterator<Item = &String> {
        let cases = self.cases.iter();
        cases
            .filter(move |(_, ending)| ending.outcome == outcome)
            .map(|(name, _)| name)
    }

    /// How many ran.
    pub fn ran(&self) -> u32 {
        let ran = |ending: &&Ending| ending.outcome != Outcome::Skipped;
        self.cases.values().filter(ran).count() as u32
    }

    /// Those that failed, or could not be run.
    pub fn bad(&self) -> impl Iterator<Item = (&String, &Ending)> {
        let bad = |ending: &Ending| matches!(ending.outcome, Outcome::Failed | Outcome::Errored);
        self.cases.iter().filter(move |(_, ending)| bad(ending))
    }

    /// Whether all is well and something ran.
    pub fn is_good(&self) -> bool {
        self.trouble.is_none() && self.ran() > 0 && self.bad().next().is_none()
    }
}

fn badness(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Passed => 0,
        Outcome::Skipped => 1,
        Outcome::Failed => 2,
        Outcome::Errored => 3,
    }
}
