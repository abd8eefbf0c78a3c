//! `happy agent`

mod hosted;
mod log;
mod progress;
mod secrets;
mod tree;
mod voices;
mod workplace;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use super::context::Context;
use super::error::Error;
use super::settings;
use crate::agent::{self, Landing, Options, Outcome, RunId, Tests, Trajectory};
use crate::model::Redactor;
use crate::record::agent::Event;
use hosted::Input;
use workplace::Place;

/// Have a language model change the repository, tests permitting
///
/// The model works in a sandboxed session in which the repository answers with
/// handles; sub-agents read the code. What it changes is tested in a sandbox,
/// on a copy, and lands in the working tree only if nothing that passed before
/// fails: tests and their configuration are put back to what they were first.
/// All that happens is streamed as records and kept under `.git/happy/runs/`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// What is to be done
    #[arg(value_name = "TASK", required_unless_present_any = ["resume", "replay"])]
    task: Option<String>,
    /// Take up a run that was cut short or has spent its budget
    #[arg(long, value_name = "RUN", conflicts_with_all = ["task", "replay"])]
    resume: Option<String>,
    /// Run again what a run, or a file of one, has recorded; no model is asked
    #[arg(long, value_name = "RUN")]
    replay: Option<String>,
    #[command(flatten)]
    run: RunArgs,
}

/// What a run may do and use.
#[derive(Clone, Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct RunArgs {
    #[command(flatten)]
    models: voices::ModelArgs,
    /// Most turns
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    max_turns: u32,
    /// Most tokens, of all calls together
    #[arg(long, value_name = "N", default_value = "200k", value_parser = count)]
    max_tokens: u64,
    /// Most dollars, of all calls together
    #[arg(long, value_name = "DOLLARS", value_parser = dollars)]
    max_cost: Option<f64>,
    /// Most seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    max_time: u64,
    /// So many sub-agents at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=64))]
    width: u8,
    /// How deep agents may start agents of their own
    #[arg(long, value_name = "N", default_value_t = 1)]
    depth: u32,
    /// Which tests must pass: `all`, `affected`, or a command by its exit code
    #[arg(long, value_name = "WHICH", default_value = "all")]
    tests: String,
    /// Let tests and their configuration be changed, too
    #[arg(long)]
    allow_test_changes: bool,
    /// Let edits land where no test ran
    #[arg(long)]
    allow_untested: bool,
    /// Allow a protected path that matches
    #[arg(long, value_name = "GLOB")]
    allow: Vec<String>,
    /// Send what looks like a key where it stands in the repository
    ///
    /// Without it such a run is refused. Values that the settings name as
    /// secret, and those of dotenv files, are never sent.
    #[arg(long)]
    allow_secrets: bool,
    /// End the run where standard input ends: whoever started it has gone
    #[arg(long)]
    until_stdin_ends: bool,
    /// Commit what lands
    #[arg(long, conflicts_with = "dry_run")]
    commit: bool,
    /// Show the edits that pass, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// This sandbox; `auto` takes the strongest that works here
    #[arg(long, value_name = "NAME", default_value = "auto")]
    sandbox: String,
    /// Stop a run of tests after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    test_timeout: u64,
    /// Stop a run of tests at so many mebibytes of memory
    #[arg(long, value_name = "MIB", default_value_t = 4096)]
    test_memory: u64,
    /// Stop a cell after so many seconds of its own
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    cell_timeout: u64,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Log(log::Args),
}

/// A count, with `k` or `M` behind it.
fn count(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1000),
        None => match text.strip_suffix('M') {
            Some(digits) => (digits, 1_000_000),
            None => (text, 1),
        },
    };
    let number = digits.parse::<u64>().ok();
    number
        .and_then(|number| number.checked_mul(unit))
        .filter(|number| *number > 0)
        .ok_or_else(|| "a number above 0, as in `200k`".to_owned())
}

fn dollars(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok();
    number
        .filter(|number| number.is_finite() && *number > 0.0)
        .ok_or_else(|| "a number above 0".to_owned())
}

impl RunArgs {
    fn options(&self) -> Options {
        Options {
            turns: self.max_turns,
            tokens: self.max_tokens,
            cost: self.max_cost,
            wall: Duration::from_secs(self.max_time),
            width: usize::from(self.width),
            depth: self.depth,
            cell: Duration::from_secs(self.cell_timeout),
            tests: match self.tests.as_str() {
                "all" => Tests::All,
                "affected" => Tests::Affected,
                command => Tests::Command(command.to_owned()),
            },
            test_changes: self.allow_test_changes,
            untested: self.allow_untested,
            landing: match (self.commit, self.dry_run) {
                (true, _) => Landing::Commit,
                (_, true) => Landing::DryRun,
                _ => Landing::Edits,
            },
            ..Options::default()
        }
    }
}

impl Args {
    /// For a task without more ado.
    pub(super) fn of_task(task: &str, run: &RunArgs) -> Self {
        Self {
            verb: None,
            task: Some(task.to_owned()),
            resume: None,
            replay: None,
            run: run.clone(),
        }
    }
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    if let Some(Verb::Log(args)) = &args.verb {
        return log::run(context, args);
    }
    let repo = context.repo()?;
    let runs = runs(&repo);
    let recorded = match &args.replay {
        Some(name) => Some(recorded(context, &runs, name)?),
        None => None,
    };
    let recorded_task = recorded.iter().flatten().find_map(|event| match event {
        Event::AgentStart { task, .. } => Some(task.clone()),
        _ => None,
    });
    let resumed = match &args.resume {
        Some(name) => {
            let id = RunId::parse(name).ok_or_else(|| no_run(name))?;
            let trajectory = Trajectory::open(&runs, &id)?;
            Some((id, trajectory))
        }
        None => None,
    };
    let hosted = args.run.models.is_hosted() && recorded.is_none();
    if hosted {
        hosted::check(context)?;
    }
    let config = settings::load(context)?;
    let values = secrets::values(&config, repo.work_dir());
    let input = (hosted || args.run.until_stdin_ends).then(Input::listen);
    let making = voices::Making {
        context,
        config: &config,
        secrets: &values,
        allow_shapes: args.run.allow_secrets,
        input: input.as_ref(),
    };
    let models = voices::models(&making, &args.run.models, recorded.as_deref())?;
    let input = input.filter(|_| args.run.until_stdin_ends);
    let place = Place::open(context, &repo, &args.run, input)?;
    let (id, trajectory, task) = if let Some((id, trajectory)) = resumed {
        (id, trajectory, String::new())
    } else {
        let task = args.task.clone().or(recorded_task);
        let task = task.ok_or_else(|| Error::Usage("the recording names no task".to_owned()))?;
        let seconds = context.now().duration_since(UNIX_EPOCH);
        let id = RunId::new(seconds.map_or(0, |time| time.as_secs()));
        let trajectory = Trajectory::create(&runs, &id)?;
        (id, trajectory, task)
    };
    if std::io::stderr().is_terminal() && !context.args.quiet {
        place.note(&format!("run {}", id.0));
    }
    let redactor = Redactor::new(values);
    let options = Options {
        secrets: Some(if args.run.allow_secrets {
            redactor.without_shapes()
        } else {
            redactor
        }),
        ..args.run.options()
    };
    let ended = agent::run(&place, &options, models, &id, trajectory, &task)?;
    drop(place);
    context.output.finish()?;
    match ended.outcome {
        Outcome::Landed | Outcome::Tested => Ok(()),
        outcome => Err(Error::NotLanded {
            run: id.0,
            outcome: outcome.name(),
            why: ended.summary,
            unanswered: ended.failure.is_some(),
        }),
    }
}

fn no_run(name: &str) -> Error {
    agent::Error::NoRun {
        run: name.to_owned(),
    }
    .into()
}

/// Where runs are kept. Each linked worktree has its own.
fn runs(repo: &crate::git::Repo) -> PathBuf {
    repo.git_dir().join("happy").join("runs")
}

/// The events of a run, or of a file.
fn recorded(context: &Context, runs: &std::path::Path, name: &str) -> Result<Vec<Event>, Error> {
    let file = context.directory()?.join(name);
    if file.is_file() {
        return Ok(Trajectory::read(&file)?);
    }
    let id = RunId::parse(name).ok_or_else(|| no_run(name))?;
    Ok(Trajectory::read_run(runs, &id)?)
}
