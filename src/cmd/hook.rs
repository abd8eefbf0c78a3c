//! `happy hook`

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::context::Context;
use super::error::Error;
use super::machine::Machine;
use super::{push, warm};
use crate::git::hook::{self, Event, Found, State};
use crate::git::{self, Repo};
use crate::record::{Record, Text};
use crate::runner::Host as _;

/// Let Git call happy: keep the index warm, check what is pushed
///
/// After a commit, a checkout, a merge or a rebase the index is brought up to
/// date in the background, within the setting `hook.budget`; that never waits
/// and never fails. Before a push, the tests that reach what is pushed are run
/// (setting `hook.prePush`); only a test that fails stops the push.
///
/// Hooks of others stay and still run, and `uninstall` restores every byte.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Put the hooks in, beside those of others
    Install(Choice),
    /// Take the hooks out again
    Uninstall(Choice),
    /// Say which hooks are in, and where
    Status,
    /// What the hooks call
    #[command(hide = true)]
    Run(Run),
}

#[derive(Debug, clap::Args)]
struct Choice {
    /// Only these
    #[arg(long, value_name = "EVENT", value_delimiter = ',', value_parser = event)]
    only: Vec<Event>,
    /// Hook files, even where Git knows configured hooks (2.54 and later)
    #[arg(long)]
    files: bool,
    /// A folder of hooks outside the repository, which others may use, too
    #[arg(long)]
    shared: bool,
}

#[derive(Debug, clap::Args)]
struct Run {
    /// The event
    event: String,
    /// What Git says about it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

fn event(text: &str) -> Result<Event, String> {
    Event::named(text).ok_or_else(|| {
        let names: Vec<_> = Event::ALL.iter().map(|event| event.name()).collect();
        format!("there are {}", names.join(", "))
    })
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    match &args.action {
        Action::Install(choice) => install(context, choice),
        Action::Uninstall(choice) => uninstall(context, choice),
        Action::Status => status(context),
        Action::Run(run) => called(context, run),
    }
}

/// What Git calls. Nothing here may hinder Git but a test that fails.
fn called(context: &Context, run: &Run) -> Result<(), Error> {
    match run.event.as_str() {
        "pre-push" => {
            let mut input = Vec::new();
            let _ = std::io::stdin().lock().read_to_end(&mut input);
            push::run(context, &run.args, &String::from_utf8_lossy(&input))?;
        }
        warm::WORKER => warm::work(context),
        name if Event::named(name).is_some() => warm::begin(context, name, &run.args),
        name => {
            event(name).map_err(Error::Usage)?;
        }
    }
    // No record is no failure here.
    context.output.raw(b"");
    Ok(())
}

/// Where the hooks of a repository stand.
struct Place {
    folder: git::hook::Folder,
    config: PathBuf,
    configured: bool,
}

impl Place {
    fn of(repo: &Repo) -> Self {
        let version = git::exec::Git::new(repo).arg("version").run();
        let configured = version.is_ok_and(|output| {
            hook::knows_configured_hooks(&String::from_utf8_lossy(output.stdout()))
        });
        Self {
            folder: repo.hooks_folder(),
            config: repo.common_dir().join("config"),
            configured,
        }
    }

    /// How a hook stands: in the configuration, or else in a file.
    fn find(&self, event: Event) -> Result<Found, Error> {
        let configured = hook::find_configured(&self.config, event)?;
        if configured.state != State::Absent {
            return Ok(configured);
        }
        Ok(hook::find(&self.folder.path, event)?)
    }
}

fn chosen(choice: &Choice) -> Vec<Event> {
    if choice.only.is_empty() {
        return Event::ALL.to_vec();
    }
    choice.only.clone()
}

/// The events that stand in the configuration.
fn in_config(place: &Place) -> Result<Vec<Event>, Error> {
    let mut events = Vec::new();
    for event in Event::ALL {
        if hook::find_configured(&place.config, event)?.state != State::Absent {
            events.push(event);
        }
    }
    Ok(events)
}

fn install(context: &Context, choice: &Choice) -> Result<(), Error> {
    let repo = context.repo()?;
    let place = Place::of(&repo);
    let events = chosen(choice);
    if place.configured && !choice.files {
        let before = in_config(&place)?;
        let wanted: Vec<Event> = Event::ALL
            .into_iter()
            .filter(|event| before.contains(event) || events.contains(event))
            .collect();
        hook::configure(&place.config, &wanted)?;
        for event in events {
            // What an older Git needed would now run twice.
            hook::uninstall(&place.folder.path, event)?;
            let found = place.find(event)?;
            emit(context, &found, !before.contains(&event), None);
        }
        return Ok(());
    }
    if place.folder.shared && !choice.shared {
        return Err(Error::Usage(format!(
            "`core.hooksPath` names `{}`, outside this repository; pass `--shared` if every repository that uses it shall have these hooks",
            place.folder.path.display()
        )));
    }
    if place.folder.tracked {
        context.warn(&format!(
            "`{}` lies in the working tree: the hooks show in `git status`, and go to others when committed",
            place.folder.path.display()
        ));
    }
    for event in events {
        let changed = hook::install(&place.folder.path, event)?;
        emit(context, &place.find(event)?, changed, None);
    }
    if !on_path(&repo) {
        context.warn("`happy` is not on PATH: until it is, the hooks do nothing");
    }
    Ok(())
}

fn uninstall(context: &Context, choice: &Choice) -> Result<(), Error> {
    let repo = context.repo()?;
    let place = Place::of(&repo);
    let before = in_config(&place)?;
    let events = chosen(choice);
    let mut kept = before.clone();
    kept.retain(|event| !events.contains(event));
    if kept != before {
        hook::configure(&place.config, &kept)?;
    }
    for event in events {
        let mut changed = before.contains(&event);
        if !place.folder.shared || choice.shared {
            changed |= hook::uninstall(&place.folder.path, event)?;
        }
        emit(context, &place.find(event)?, changed, None);
    }
    Ok(())
}

fn status(context: &Context) -> Result<(), Error> {
    let repo = context.repo()?;
    let place = Place::of(&repo);
    for event in Event::ALL {
        let found = place.find(event)?;
        let hint = match found.state {
            State::Absent => Some("`happy hook install` puts it in"),
            State::Outdated => Some("`happy hook install` brings it up to date"),
            _ if !on_path(&repo) => Some("`happy` is not on PATH: the hook does nothing"),
            _ => None,
        };
        emit(context, &found, false, hint);
    }
    Ok(())
}

/// How many hooks are in, of how many, and whether one is outdated.
pub(super) fn summary(repo: &Repo) -> Result<(usize, usize, bool), Error> {
    let place = Place::of(repo);
    let mut found = Vec::new();
    for event in Event::ALL {
        found.push(place.find(event)?.state);
    }
    let missing = found.iter().filter(|state| **state == State::Absent);
    let present = found.len() - missing.count();
    Ok((present, found.len(), found.contains(&State::Outdated)))
}

fn on_path(repo: &Repo) -> bool {
    let project = repo.work_dir().unwrap_or(Path::new("/nonexistent"));
    Machine { project }.find("happy").is_some()
}

fn emit(context: &Context, found: &Found, changed: bool, hint: Option<&str>) {
    context.output.emit(&Record::Hook {
        event: found.event.name(),
        state: found.state.name(),
        path: Text::from(found.path.to_string_lossy().as_ref()),
        others: found.others,
        changed,
        hint: hint.map(str::to_owned),
    });
}
