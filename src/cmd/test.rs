//! `happy test`

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::context::Context;
use super::error::Error;
use super::runs::{self, Ended, Tool, Trial};
use super::selection::Selection;
use super::settings::{self, Config};
use super::{bases, input, patch as patching};
use crate::git::{ObjectId, Repo};
use crate::patch::{self, PatchError};
use crate::record::Record;
use crate::runner::{Bounds, Changed, Project, Test, Wanted};
use crate::sandbox::Chosen;

/// Run the tests in a sandbox
///
/// The runner is found by what the project holds; a project with several is
/// tested with each. A command of the project's own is the setting
/// `test.command`. The tests see a copy of the working tree that costs
/// nothing and is gone afterwards: no network, no `.git`, no file of yours
/// beside it, and an environment that names nothing of the machine. Each test
/// is a record as it ends; a summary follows. That no test ran is no pass.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only tests that reach what changed: in the working tree, or in a range
    #[arg(long, value_name = "RANGE", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "the option's value may be left out")]
    affected: Option<Option<String>>,
    /// With `--affected`: only tests that are no farther from the change
    ///
    /// A plain call is 1, a step that is less sure is more, as `happy impact`
    /// says of each test; 0 is no limit. Without it, the setting `test.within`.
    #[arg(long, value_name = "DISTANCE", requires = "affected")]
    within: Option<u64>,
    /// Test the working tree with this patch, which is not applied
    #[arg(long, value_name = "FILE", conflicts_with = "affected")]
    patch: Option<PathBuf>,
    /// Test the files of this revision instead of the working tree's
    #[arg(long, value_name = "REV", conflicts_with = "patch")]
    at: Option<String>,
    /// Run the tests on what the change starts from, too, and tell the difference
    ///
    /// That is HEAD, the start of the range, or with `--patch` the working tree
    /// as it is. A test that failed there already is no failure of the change.
    #[arg(long)]
    baseline: bool,
    /// This runner, whatever the project looks like
    #[arg(long, value_name = "NAME")]
    runner: Option<String>,
    /// This sandbox; `auto` takes the strongest that works here
    ///
    /// Without it, the setting `test.sandbox`.
    #[arg(long, value_name = "NAME")]
    sandbox: Option<String>,
    /// Stop after so many seconds
    ///
    /// Without it, the setting `test.timeout`: 600.
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Stop at so many mebibytes of memory
    ///
    /// Without it, the setting `test.memory`: 4096.
    #[arg(long, value_name = "MIB")]
    memory: Option<u64>,
    /// Write records, text, or one report for CI
    #[arg(long, value_name = "FORMAT", value_parser = super::output::report_formats())]
    format: Option<super::output::Format>,
    /// Arguments for the runner
    #[arg(last = true, value_name = "ARGS")]
    rest: Vec<String>,
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    context.output.choose(args.format);
    let repo = context.repo()?;
    let root = work_dir(&repo)?;
    let config = settings::load(context)?;
    let bounds = bounds(&config, args.timeout, args.memory)?;
    let files = files(&repo)?;
    let project = Project {
        root,
        files: &files,
    };
    let named = args.runner.as_deref().or(config.get("test.runner"));
    let tools = runs::runners(context, &config, named, &project)?;
    let selection = match &args.affected {
        Some(range) => affected(context, range.as_deref(), within(&config, args.within)?)?,
        None => Selection::default(),
    };
    let changes = match (&args.patch, &args.at) {
        (Some(file), _) => changed(&patched(context, &repo, file)?),
        (None, Some(revision)) => runs::differing(&repo, repo.resolve(revision)?)?,
        (None, None) => Vec::new(),
    };
    if selection.tests.as_ref().is_some_and(Vec::is_empty) {
        return Err(Error::NoTests {
            why: "no test reaches what changed".to_owned(),
        });
    }
    let chosen = super::remote::choose(sandbox_name(args.sandbox.as_deref(), &config))?;
    let base = if args.baseline {
        Some(base(&repo, args)?)
    } else {
        None
    };
    let mut worst = None;
    for tool in tools {
        let job = Run {
            context,
            project: &project,
            chosen: &chosen,
            bounds,
            tool: &tool,
            args: &args.rest,
        };
        let ended = match &base {
            Some(base) => job.against(base, &changes, &selection),
            None => job.alone(&changes, &selection),
        };
        match ended {
            Ok(()) => {}
            Err(error) if worst.is_none() => worst = Some(error),
            Err(error) => context.warn(&error.to_string()),
        }
    }
    context.output.finish()?;
    worst.map_or(Ok(()), Err)
}

/// The sandbox that is asked for.
pub(super) fn sandbox_name<'a>(named: Option<&'a str>, config: &'a Config) -> &'a str {
    named.or(config.get("test.sandbox")).unwrap_or("auto")
}

/// The limits that are asked for.
pub(super) fn bounds(
    config: &Config,
    timeout: Option<u64>,
    memory: Option<u64>,
) -> Result<Bounds, Error> {
    let asked = |given: Option<u64>, name| given.map_or_else(|| config.number(name), Ok);
    Ok(Bounds {
        wall: Duration::from_secs(asked(timeout, "test.timeout")?.max(1)),
        memory: asked(memory, "test.memory")?.clamp(1, u64::MAX >> 20) << 20,
    })
}

/// How far a test may be from what changed.
pub(super) fn within(config: &Config, given: Option<u64>) -> Result<u64, Error> {
    given.map_or_else(|| config.number("test.within"), Ok)
}

/// The root of the working tree, which tests need.
pub(super) fn work_dir(repo: &Repo) -> Result<&Path, Error> {
    repo.work_dir().ok_or_else(|| {
        crate::git::Error::NoWorkTree {
            git_dir: repo.git_dir().to_owned(),
        }
        .into()
    })
}

/// The files of the project.
pub(super) fn files(repo: &Repo) -> Result<Vec<String>, Error> {
    let worktree = repo.worktree()?;
    let paths = worktree.files().iter();
    Ok(paths
        .filter_map(|file| String::from_utf8(file.path.clone()).ok())
        .collect())
}

/// What a change starts from.
struct Base {
    changes: Vec<Changed>,
    /// Its files; none where it is the working tree.
    files: Option<BTreeSet<Vec<u8>>>,
}

fn base(repo: &Repo, args: &Args) -> Result<Base, Error> {
    if args.patch.is_some() {
        return Ok(Base {
            changes: Vec::new(),
            files: None,
        });
    }
    let commit = match &args.affected {
        Some(Some(range)) => repo.resolve_range(range)?.base,
        _ => repo.resolve("HEAD")?,
    };
    Ok(Base {
        changes: runs::differing(repo, commit)?,
        files: Some(paths_of(repo, commit)?),
    })
}

/// The paths of a commit's files.
pub(super) fn paths_of(repo: &Repo, commit: ObjectId) -> Result<BTreeSet<Vec<u8>>, Error> {
    let files = repo.files(commit)?.files.into_iter();
    Ok(files.map(|file| file.path).collect())
}

/// One runner's part of a run.
struct Run<'a> {
    context: &'a Context,
    project: &'a Project<'a>,
    chosen: &'a Chosen,
    bounds: Bounds,
    tool: &'a Tool,
    args: &'a [String],
}

impl Run<'_> {
    fn trial<'t>(&'t self, changes: &'t [Changed], side: Option<&'static str>) -> Trial<'t> {
        Trial {
            project: self.project,
            changes,
            chosen: self.chosen,
            bounds: self.bounds,
            side,
        }
    }

    fn wanted(&self, tests: Option<Vec<Test>>) -> Wanted {
        Wanted {
            tests,
            args: self.args.to_vec(),
        }
    }

    fn now(&self, changes: &[Changed], selection: &Selection) -> Result<Ended, Error> {
        let wanted = self.wanted(selection.tests.clone());
        let output = &self.context.output;
        self.trial(changes, None)
            .run(self.tool, &wanted, &mut |record| {
                output.emit(record);
                output.flush();
            })
    }

    fn alone(&self, changes: &[Changed], selection: &Selection) -> Result<(), Error> {
        self.now(changes, selection)?.verdict
    }

    /// On the base first, then with the change: what it broke decides.
    fn against(
        &self,
        base: &Base,
        changes: &[Changed],
        selection: &Selection,
    ) -> Result<(), Error> {
        let tests = match &base.files {
            Some(files) => runs::on_base(selection.tests.as_ref(), &selection.added, files),
            None => selection.tests.clone(),
        };
        let output = &self.context.output;
        let mut before = Vec::new();
        if !tests.as_ref().is_some_and(Vec::is_empty) {
            let wanted = self.wanted(tests);
            let trial = self.trial(&base.changes, Some("base"));
            let ended = trial.run(self.tool, &wanted, &mut |record| {
                if matches!(record, Record::TestSummary { .. }) {
                    output.emit(record);
                    output.flush();
                }
            })?;
            if let Err(error @ (Error::NoTests { .. } | Error::LimitHit { .. })) = &ended.verdict {
                self.context.warn(&format!(
                    "on the base: {error}; what fails now counts as broken"
                ));
            }
            before = ended.cases;
        }
        let ended = self.now(changes, selection)?;
        let differences = runs::compare(&before, &ended.cases);
        let broken = |record: &&Record| matches!(record, Record::TestChange { verdict, .. } if *verdict == "broken");
        let failed = differences.iter().filter(broken).count() as u32;
        for record in &differences {
            output.emit(record);
        }
        match ended.verdict {
            Err(Error::TestsFailed { failed: all, ran }) if failed == 0 => {
                self.context.warn(&format!(
                    "{all} of {ran} tests fail, and failed before the change"
                ));
                Ok(())
            }
            Err(Error::TestsFailed { ran, .. }) => Err(Error::TestsFailed { failed, ran }),
            verdict => verdict,
        }
    }
}

/// The tests that a change reaches; all of them where that cannot be known.
fn affected(context: &Context, range: Option<&str>, within: u64) -> Result<Selection, Error> {
    let reach = super::impact::reach(context, range, true)?;
    let selection = Selection::new(context, &reach, within);
    selection.tell(context, within);
    Ok(selection)
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
