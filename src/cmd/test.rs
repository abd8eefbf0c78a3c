//! `happy test`

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::context::Context;
use super::error::Error;
use super::machine::Machine;
use super::{bases, input, patch as patching};
use crate::git::Repo;
use crate::patch::{self, PatchError};
use crate::record::{Record, Text};
use crate::runner::{
    self, Bounds, Case, Changed, Job, Outcome, Project, Runner, Said, Test, Wanted,
};
use crate::sandbox::{self, Chosen};

/// Run the tests in a sandbox
///
/// The runner is found by what the project holds; a project with several is
/// tested with each. The tests see a copy of the working tree that costs
/// nothing and is gone afterwards: no network, no `.git`, no file of yours
/// beside it, and an environment that names nothing of the machine. Each test
/// is a record as it ends; a summary follows. That no test ran is no pass.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only tests that reach what changed: in the working tree, or in a range
    #[arg(long, value_name = "RANGE", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "the option's value may be left out")]
    affected: Option<Option<String>>,
    /// Test the working tree with this patch, which is not applied
    #[arg(long, value_name = "FILE", conflicts_with = "affected")]
    patch: Option<PathBuf>,
    /// This runner, whatever the project looks like
    #[arg(long, value_name = "NAME")]
    runner: Option<String>,
    /// This sandbox; `auto` takes the strongest that works here
    #[arg(long, value_name = "NAME", default_value = "auto")]
    sandbox: String,
    /// Stop after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u64,
    /// Stop at so many mebibytes of memory
    #[arg(long, value_name = "MIB", default_value_t = 4096)]
    memory: u64,
    /// Arguments for the runner
    #[arg(last = true, value_name = "ARGS")]
    rest: Vec<String>,
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let repo = context.repo()?;
    let root = repo
        .work_dir()
        .ok_or_else(|| crate::git::Error::NoWorkTree {
            git_dir: repo.git_dir().to_owned(),
        })?;
    let files = files(&repo)?;
    let project = Project {
        root,
        files: &files,
    };
    let runners = runners(args, &project)?;
    let wanted = Wanted {
        tests: match &args.affected {
            Some(range) => affected(context, range.as_deref())?,
            None => None,
        },
        args: args.rest.clone(),
    };
    let plan = match &args.patch {
        Some(file) => Some(patched(context, &repo, file)?),
        None => None,
    };
    if wanted.tests.as_ref().is_some_and(Vec::is_empty) {
        return Err(Error::NoTests {
            why: "no test reaches what changed".to_owned(),
        });
    }
    let chosen = sandbox::choose(&args.sandbox)?;
    let mut worst = None;
    for runner in runners {
        let job = runner.job(&project, &Machine { project: root }, &wanted)?;
        let ended = run_job(context, args, runner, &job, &chosen, root, plan.as_ref());
        match ended {
            Ok(()) => {}
            Err(error) if worst.is_none() => worst = Some(error),
            Err(error) => context.warn(&error.to_string()),
        }
    }
    context.output.finish()?;
    worst.map_or(Ok(()), Err)
}

/// The paths of the working tree's files.
pub(super) fn files(repo: &Repo) -> Result<Vec<String>, Error> {
    let worktree = repo.worktree()?;
    let paths = worktree.files().iter();
    Ok(paths
        .filter_map(|file| String::from_utf8(file.path.clone()).ok())
        .collect())
}

fn runners(args: &Args, project: &Project<'_>) -> Result<Vec<&'static dyn Runner>, Error> {
    if let Some(name) = &args.runner {
        let found = runner::RUNNERS.iter().find(|runner| runner.name() == name);
        return if let Some(runner) = found {
            Ok(vec![*runner])
        } else {
            let names: Vec<_> = runner::RUNNERS.iter().map(|runner| runner.name()).collect();
            Err(Error::Usage(format!(
                "no runner `{name}`; there are {}",
                names.join(", ")
            )))
        };
    }
    let found = runner::detect(project);
    if found.is_empty() {
        return Err(Error::NoTests {
            why: "no test runner fits this project".to_owned(),
        });
    }
    Ok(found)
}

/// The tests that a change reaches; all of them where that cannot be known.
fn affected(context: &Context, range: Option<&str>) -> Result<Option<Vec<Test>>, Error> {
    let reach = super::impact::reach(context, range, true)?;
    Ok(tests_of(context, &reach))
}

/// The tests among what a change reaches; `None` where any may be.
pub(super) fn tests_of(context: &Context, reach: &super::impact::Reach) -> Option<Vec<Test>> {
    let prose = |path: &&Vec<u8>| {
        let ending = path.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
        ["md", "rst", "txt", "adoc"]
            .iter()
            .any(|known| known.as_bytes() == ending)
    };
    if let Some(path) = reach.other.iter().find(|path| !prose(path)) {
        context.warn(&format!(
            "`{}` changed and is not code: all tests are run, since any may read it",
            String::from_utf8_lossy(path)
        ));
        return None;
    }
    let mut tests = BTreeSet::new();
    for record in &reach.impacted {
        let Record::Impacted {
            symbol, test: true, ..
        } = record
        else {
            continue;
        };
        let path = symbol.path.clone().unwrap_or_default();
        let full = symbol.symbol.lossy().into_owned();
        // What is not named as a test is run with all of its file.
        let named = symbol.name.lossy().to_ascii_lowercase().starts_with("test");
        let name = full.split_once("::").map(|(_, name)| name.to_owned());
        tests.insert(Test {
            path: path.lossy().into_owned(),
            name: name.filter(|_| named),
        });
    }
    let whole: BTreeSet<String> = tests
        .iter()
        .filter(|test| test.name.is_none())
        .map(|test| test.path.clone())
        .collect();
    tests.retain(|test| test.name.is_none() || !whole.contains(&test.path));
    Some(tests.into_iter().collect())
}

fn patched(context: &Context, repo: &Repo, file: &Path) -> Result<patch::Plan, Error> {
    let input = input::bytes(context, Some(file))?;
    let edits = patch::parse(&input).map_err(PatchError::from)?;
    let worktree = patching::worktree(repo)?;
    let base = bases::WithBlobs::new(&worktree, repo);
    let options = patch::Options::default();
    let planned = patching::plan(context, repo, None, &base, &edits, &options);
    if let Err(Error::Patch(error)) = &planned {
        patching::tell_fault(context, error);
    }
    planned
}

/// The files that a plan changes, as a run of tests takes them.
pub(super) fn changed(plan: &patch::Plan) -> Vec<Changed> {
    let paths = plan.paths().into_iter();
    paths
        .map(|(path, _, after)| Changed {
            path: path.to_path(),
            file: after.map(|file| {
                let executable = file.mode == patch::FileMode::Executable;
                (file.bytes.to_vec(), executable)
            }),
        })
        .collect()
}

/// What the tests of one runner came to.
#[derive(Default)]
struct Counts {
    passed: u32,
    failed: u32,
    skipped: u32,
    errored: u32,
}

impl Counts {
    fn add(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Passed => &mut self.passed,
            Outcome::Failed => &mut self.failed,
            Outcome::Skipped => &mut self.skipped,
            Outcome::Errored => &mut self.errored,
        } += 1;
    }
}

fn run_job(
    context: &Context,
    args: &Args,
    runner: &dyn Runner,
    job: &Job,
    chosen: &Chosen,
    root: &Path,
    plan: Option<&patch::Plan>,
) -> Result<(), Error> {
    let changes: Vec<Changed> = plan.map(changed).unwrap_or_default();
    let bounds = Bounds {
        wall: Duration::from_secs(args.timeout.max(1)),
        memory: args.memory.max(1) << 20,
    };
    let mut counts = Counts::default();
    let outcome = runner::run_job(
        job,
        chosen,
        root,
        &changes,
        bounds,
        &mut |said| match said {
            Said::Case(case) => {
                counts.add(case.outcome);
                context.output.emit(&record(case));
                context.output.flush();
            }
            Said::Failure { name, message } => {
                context.output.emit(&Record::TestFailure { name, message });
            }
        },
    )?;
    let ran = counts.passed + counts.failed + counts.errored;
    let exit = match outcome.status {
        sandbox::Status::Exited(code) => Some(code),
        sandbox::Status::Signaled(_) => None,
    };
    let good = outcome.success() && ran > 0 && counts.failed + counts.errored == 0;
    let output = [&outcome.stdout[..], b"\n", &outcome.stderr[..]].concat();
    let explained = counts.failed > 0 && outcome.limit_hit.is_none();
    context.output.emit(&Record::TestSummary {
        runner: runner.name(),
        sandbox: chosen.sandbox.name(),
        passed: counts.passed,
        failed: counts.failed,
        skipped: counts.skipped,
        errored: counts.errored,
        milliseconds: outcome.wall.as_millis() as u64,
        exit,
        limit: outcome.limit_hit.map(sandbox::Limit::name),
        denied_network: outcome.denied.network,
        denied_write: outcome.denied.write,
        output: (!good && !explained).then(|| Text(tail(&output))),
    });
    let wall = Duration::from_secs(args.timeout);
    if let Some(limit) = outcome.limit_hit {
        return Err(Error::LimitHit {
            limit: limit.name(),
            wall,
        });
    }
    if ran == 0 {
        let why = match counts.skipped {
            0 => format!(
                "0 tests ran (`{}`, exit code {})",
                runner.name(),
                exit.unwrap_or(-1)
            ),
            skipped => format!("0 tests ran, {skipped} were skipped"),
        };
        return Err(Error::NoTests { why });
    }
    let failed = counts.failed + counts.errored;
    if good {
        Ok(())
    } else {
        Err(Error::TestsFailed { failed, ran })
    }
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

fn record(case: Case) -> Record {
    Record::Test {
        name: case.name,
        path: case.path,
        outcome: case.outcome.name(),
        milliseconds: case.time.map(|time| time.as_millis() as u64),
        message: case.message,
    }
}
