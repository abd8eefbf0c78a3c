//! Tests on states of the tree: what `happy test` does once or twice, and the
//! hook before a push as well.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::context::Context;
use super::error::Error;
use super::machine::Machine;
use super::settings::Config;
use crate::git::{Change, Mode, ObjectId, Repo};
use crate::record::{Record, Text};
use crate::runner::{
    self, Bounds, Case, Changed, Command, Job, Outcome, Project, Results, Runner, Said, Select,
    Test, Wanted,
};
use crate::sandbox::{self, Chosen};

/// A runner of this project: one of the list, or a command of its own.
pub(super) enum Tool {
    /// Of the list.
    Known(&'static dyn Runner),
    /// The project's own.
    Own(Command),
}

impl Tool {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Known(runner) => runner.name(),
            Self::Own(_) => runner::PROJECT,
        }
    }

    fn job(&self, project: &Project<'_>, wanted: &Wanted) -> Result<Job, Error> {
        let machine = Machine {
            project: project.root,
        };
        Ok(match self {
            Self::Known(runner) => runner.job(project, &machine, wanted)?,
            Self::Own(command) => command.job(project, &machine, wanted)?,
        })
    }
}

/// The runners of a project: the one that is named, the project's own command,
/// or whatever fits.
pub(super) fn runners(
    context: &Context,
    config: &Config,
    named: Option<&str>,
    project: &Project<'_>,
) -> Result<Vec<Tool>, Error> {
    if named.is_none_or(|name| name == runner::PROJECT) {
        if let Some(value) = config.untrusted("test.command") {
            let place = value.origin.place().unwrap_or_default();
            context.warn(&format!(
                "`{place}` sets `test.command`, which is {}",
                value.refused.unwrap_or_default()
            ));
        }
        if let Some(command) = own(config)? {
            return Ok(vec![Tool::Own(command)]);
        }
    }
    if let Some(name) = named {
        let mut list = runner::RUNNERS.iter();
        return if let Some(runner) = list.find(|runner| runner.name() == name) {
            Ok(vec![Tool::Known(*runner)])
        } else {
            let names: Vec<_> = runner::RUNNERS.iter().map(|runner| runner.name()).collect();
            Err(Error::Usage(format!(
                "no runner `{name}`; there are {}, and {} where `test.command` is set",
                names.join(", "),
                runner::PROJECT
            )))
        };
    }
    let found = runner::detect(project);
    if found.is_empty() {
        return Err(Error::NoTests {
            why: "no test runner fits this project".to_owned(),
        });
    }
    Ok(found.into_iter().map(Tool::Known).collect())
}

fn own(config: &Config) -> Result<Option<Command>, Error> {
    let Some(value) = config.given("test.command") else {
        return Ok(None);
    };
    let results = config.get("test.results").unwrap_or_default();
    let results = match results.split_once(':') {
        Some(("junit", pattern)) => Results::Junit(pattern.to_owned()),
        None if results == "unittest" => Results::Unittest,
        None if results == "tap" => Results::Tap,
        None if results == "exit" => Results::Exit,
        _ => {
            return Err(Error::Usage(format!(
                "`happy.test.results` is `{results}`; it is `unittest`, `tap`, `junit:FILES` or `exit`"
            )));
        }
    };
    Ok(Some(Command {
        line: value.text.clone(),
        select: match config.choice("test.select")? {
            "node" => Select::Node,
            "dotted" => Select::Dotted,
            "all" => Select::All,
            _ => Select::Path,
        },
        root: config.get("test.root").unwrap_or_default().to_owned(),
        results,
    }))
}

/// What a commit has otherwise than the working tree.
pub(super) fn differing(repo: &Repo, commit: ObjectId) -> Result<Vec<Changed>, Error> {
    let worktree = repo.worktree()?;
    let there = repo.files(commit)?.files;
    let mut changed = Vec::new();
    for change in super::impact::against(worktree.files(), &there) {
        let path = PathBuf::from(std::ffi::OsStr::from_bytes(change.path()));
        let file = match &change {
            Change::Deleted { .. } => None,
            Change::Added { new, .. } | Change::Modified { new, .. } => match new.0 {
                Mode::File | Mode::Executable => {
                    Some((repo.blob(new.1)?, matches!(new.0, Mode::Executable)))
                }
                // Links and submodules stay as the working tree has them.
                _ => continue,
            },
        };
        changed.push(Changed { path, file });
    }
    Ok(changed)
}

/// A state of the tree, and where its tests run.
pub(super) struct Trial<'a> {
    /// The project.
    pub project: &'a Project<'a>,
    /// What differs from the working tree.
    pub changes: &'a [Changed],
    /// The sandbox.
    pub chosen: &'a Chosen,
    /// The limits.
    pub bounds: Bounds,
    /// `base`, or nothing.
    pub side: Option<&'static str>,
}

/// What the tests of one runner came to.
pub(super) struct Ended {
    /// Each test that ended, in that order.
    pub cases: Vec<Case>,
    /// How long all of it took.
    pub took: Duration,
    /// Whether it is a pass.
    pub verdict: Result<(), Error>,
}

impl Ended {
    /// How many tests ended so.
    pub fn count(&self, outcome: Outcome) -> u32 {
        let cases = self.cases.iter();
        cases.filter(|case| case.outcome == outcome).count() as u32
    }
}

impl Trial<'_> {
    /// Runs a runner's tests; each record goes to `sink` as it comes.
    pub fn run(
        &self,
        runner: &Tool,
        wanted: &Wanted,
        sink: &mut dyn FnMut(&Record),
    ) -> Result<Ended, Error> {
        let job = runner.job(self.project, wanted)?;
        let mut cases: Vec<Case> = Vec::new();
        let root: &Path = self.project.root;
        let mut late = BTreeMap::new();
        let outcome = runner::run_job(
            &job,
            self.chosen,
            root,
            self.changes,
            self.bounds,
            &mut |said| match said {
                Said::Case(case) => {
                    sink(&record(&case));
                    cases.push(case);
                }
                Said::Failure { name, message } => {
                    sink(&Record::TestFailure {
                        name: name.clone(),
                        message: message.clone(),
                    });
                    late.insert(name, message);
                }
            },
        )?;
        for case in &mut cases {
            if case.message.is_none() {
                case.message = late.remove(&case.name);
            }
        }
        let mut ended = Ended {
            cases,
            took: outcome.wall,
            verdict: Ok(()),
        };
        ended.verdict = self.judge(runner.name(), &outcome, &ended, sink);
        Ok(ended)
    }

    fn judge(
        &self,
        runner: &'static str,
        outcome: &sandbox::Outcome,
        ended: &Ended,
        sink: &mut dyn FnMut(&Record),
    ) -> Result<(), Error> {
        let [passed, failed, skipped, errored] = [
            Outcome::Passed,
            Outcome::Failed,
            Outcome::Skipped,
            Outcome::Errored,
        ]
        .map(|outcome| ended.count(outcome));
        let exit = match outcome.status {
            sandbox::Status::Exited(code) => Some(code),
            sandbox::Status::Signaled(_) => None,
        };
        let ran = passed + failed + errored;
        let good = outcome.success() && ran > 0 && failed + errored == 0;
        let output = [&outcome.stdout[..], b"\n", &outcome.stderr[..]].concat();
        // A command that says nothing but its exit code explains nothing.
        let explained = failed > 0 && outcome.limit_hit.is_none() && ended.explains();
        sink(&Record::TestSummary {
            runner,
            sandbox: self.chosen.sandbox.name(),
            side: self.side,
            passed,
            failed,
            skipped,
            errored,
            milliseconds: outcome.wall.as_millis() as u64,
            exit,
            limit: outcome.limit_hit.map(sandbox::Limit::name),
            denied_network: outcome.denied.network,
            denied_write: outcome.denied.write,
            output: (!good && !explained).then(|| Text(tail(&output))),
        });
        if let Some(limit) = outcome.limit_hit {
            return Err(Error::LimitHit {
                limit: limit.name(),
                wall: self.bounds.wall,
            });
        }
        if ran == 0 {
            let why = match skipped {
                0 => format!("0 tests ran (`{runner}`, exit code {})", exit.unwrap_or(-1)),
                skipped => format!("0 tests ran, {skipped} were skipped"),
            };
            return Err(Error::NoTests { why });
        }
        if good {
            return Ok(());
        }
        let failed = failed + errored;
        Err(Error::TestsFailed { failed, ran })
    }
}

impl Ended {
    /// Whether each failure has a name of its own: not where a command is one test.
    fn explains(&self) -> bool {
        self.cases.len() > 1 || self.cases.iter().any(|case| case.message.is_some())
    }
}

/// What ends otherwise than it did on the base, in the order it ended now.
pub(super) fn compare(base: &[Case], now: &[Case]) -> Vec<Record> {
    let key = |case: &Case| (case.path.clone(), case.name.clone());
    let before: BTreeMap<_, _> = base.iter().map(|case| (key(case), case)).collect();
    let mut changes = Vec::new();
    let bad = |outcome: Outcome| matches!(outcome, Outcome::Failed | Outcome::Errored);
    let mut seen = BTreeSet::new();
    for case in now {
        seen.insert(key(case));
        let old = before.get(&key(case)).map(|case| case.outcome);
        let verdict = match old {
            Some(old) if old == case.outcome => continue,
            Some(old) if bad(old) && bad(case.outcome) => "changed",
            None if !bad(case.outcome) => "added",
            _ if bad(case.outcome) => "broken",
            Some(old) if bad(old) => "fixed",
            _ => "changed",
        };
        changes.push(Record::TestChange {
            name: case.name.clone(),
            path: case.path.clone(),
            before: old.map(Outcome::name),
            after: Some(case.outcome.name()),
            verdict,
            message: case.message.clone(),
        });
    }
    for case in base.iter().filter(|case| !seen.contains(&key(case))) {
        changes.push(Record::TestChange {
            name: case.name.clone(),
            path: case.path.clone(),
            before: Some(case.outcome.name()),
            after: None,
            verdict: "gone",
            message: None,
        });
    }
    changes
}

/// The tests that a selection keeps on the base, where some are not there yet.
pub(super) fn on_base(
    tests: Option<&Vec<Test>>,
    added: &BTreeSet<(String, String)>,
    there: &BTreeSet<Vec<u8>>,
) -> Option<Vec<Test>> {
    let old = |test: &&Test| {
        let new = test
            .name
            .as_ref()
            .is_some_and(|name| added.contains(&(test.path.clone(), name.clone())));
        !new && there.contains(test.path.as_bytes())
    };
    tests.map(|tests| tests.iter().filter(old).cloned().collect())
}

/// The last lines of what was printed.
fn tail(output: &[u8]) -> Vec<u8> {
    const MOST: usize = 4000;
    let output = output.trim_ascii();
    let start = output.len().saturating_sub(MOST);
    let line = output[start..].iter().position(|byte| *byte == b'\n');
    let start = if start == 0 {
        0
    } else {
        start + line.map_or(0, |at| at + 1)
    };
    output[start..].to_vec()
}

fn record(case: &Case) -> Record {
    Record::Test {
        name: case.name.clone(),
        path: case.path.clone(),
        outcome: case.outcome.name(),
        milliseconds: case.time.map(|time| time.as_millis() as u64),
        message: case.message.clone(),
    }
}
