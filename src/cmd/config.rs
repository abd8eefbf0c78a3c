//! `happy config`

use super::context::Context;
use super::error::Error;
use super::settings::{self, Config, KEYS, Origin, Value};
use super::trusted;
use crate::record::{Record, Text};

/// Show the settings, and trust what a repository would have run
///
/// Settings are `happy.*` in Git's configuration (`git config --global
/// happy.test.timeout 900`) and, for a team, a file `.happy.toml` in the
/// repository. The command line comes first, then the environment, then Git,
/// then the file. What the file says is to be run holds only once you trust
/// it, and no longer when it changes.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    /// Only this setting
    #[arg(value_name = "KEY")]
    key: Option<String>,
    /// Where each value stands, with the values that do not hold
    #[arg(long)]
    show_origin: bool,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Clone, Copy, Debug, clap::Subcommand)]
enum Action {
    /// Trust what this repository's settings would have run, as they are now
    Trust,
    /// Trust this repository no longer
    Untrust,
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    if let Some(action) = args.action {
        return trust(context, matches!(action, Action::Trust));
    }
    let config = settings::load(context)?;
    for problem in &config.problems {
        context.warn(problem);
    }
    if let Some(name) = &args.key {
        let name = name.strip_prefix("happy.").unwrap_or(name);
        let known = KEYS.iter().any(|key| key.name == name)
            || config.values().iter().any(|value| value.key == name);
        if !known {
            let names: Vec<_> = KEYS.iter().map(|key| key.name).collect();
            return Err(Error::Usage(format!(
                "no setting `{name}`; there are {}",
                names.join(", ")
            )));
        }
        list(context, &config, &[name], args.show_origin);
        return Ok(());
    }
    let mut names: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
    names.extend(config.values().iter().map(|value| value.key.as_str()));
    names.sort_unstable();
    names.dedup();
    list(context, &config, &names, args.show_origin);
    Ok(())
}

fn list(context: &Context, config: &Config, names: &[&str], origins: bool) {
    for name in names {
        let holds = config.given(name);
        let given = config.values().iter().filter(|value| value.key == *name);
        for value in given {
            let used = holds == Some(value);
            if used || origins {
                context.output.emit(&record(value, used, origins));
            }
        }
        if holds.is_none()
            && let Some(text) = config.get(name)
        {
            let value = Value {
                key: (*name).to_owned(),
                text: text.to_owned(),
                origin: Origin::Default,
                refused: None,
            };
            context.output.emit(&record(&value, true, origins));
        }
    }
}

fn record(value: &Value, used: bool, origins: bool) -> Record {
    let lower = value.key.to_ascii_lowercase();
    let secret = ["key", "token", "secret", "password"]
        .iter()
        .any(|word| lower.ends_with(word));
    let reason = match value.refused {
        None if used => None,
        None => Some("another value comes first"),
        refused => refused,
    };
    let place = value.origin.place().filter(|_| origins);
    Record::Setting {
        key: value.key.clone(),
        value: if secret {
            "...".to_owned()
        } else {
            value.text.clone()
        },
        origin: origins.then(|| value.origin.name()),
        place: place.map(|place| Text::from(place.as_str())),
        used,
        reason: reason.map(str::to_owned),
    }
}

fn trust(context: &Context, trust: bool) -> Result<(), Error> {
    let repo = context.repo()?;
    let team = trusted::team(&repo)?;
    let git = repo.settings();
    let commands = trusted::commands(team.as_ref(), &git);
    if trust && commands.is_empty() {
        context.warn("this repository names nothing to run, so there is nothing to trust");
        return Ok(());
    }
    trusted::set(&repo, team.as_ref(), &git, trust)?;
    for (name, value) in &commands {
        let word = if trust {
            "trusted"
        } else {
            "no longer trusted"
        };
        context.warn(&format!("{word}: `{name}` = `{value}`"));
    }
    let path = team.map(|team| team.path);
    let path = path.unwrap_or_else(|| repo.common_dir().join("config"));
    context.output.emit(&Record::Trust {
        path: Text::from(path.to_string_lossy().as_ref()),
        trusted: trust,
        keys: commands.into_iter().map(|(name, _)| name).collect(),
    });
    Ok(())
}
