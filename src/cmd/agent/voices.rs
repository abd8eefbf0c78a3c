//! From the command line to the models of a run.

use std::sync::Arc;

use super::super::context::Context;
use super::super::error::Error;
use super::super::settings::{Config, environment};
use super::hosted::Input;
use crate::agent::{self, Models, Trajectory, Voice, answers_in};
use crate::model::{self, HostedClient, Prices, Redactor, ReplayClient, Secret, Settings};
use crate::record::agent::Event;

/// Which models, and where.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ModelArgs {
    /// The model that orchestrates, as in `anthropic:claude-sonnet-4-5`
    ///
    /// Without it, `HAPPY_MODEL` or `happy.model.name` says which. `replay:FILE`
    /// takes the answers that a file has recorded. `stdio` or `stdio:NAME` is the
    /// program that started this one: it is asked by records of the type `ask`,
    /// and answers with lines on standard input. Keys come from the environment
    /// or a key command.
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// The model of sub-agents, if it is another
    #[arg(long, value_name = "MODEL")]
    sub_model: Option<String>,
}

impl ModelArgs {
    /// Whether standard input answers for one of them.
    pub(super) fn is_hosted(&self) -> bool {
        let names = [&self.model, &self.sub_model];
        names
            .into_iter()
            .flatten()
            .any(|name| hosted(name).is_some())
    }
}

/// What models are made of.
pub(super) struct Making<'a> {
    pub(super) context: &'a Context,
    pub(super) config: &'a Config,
    /// What must not be sent to any of them.
    pub(super) secrets: &'a [Secret],
    /// Whether what only looks like a key may be sent.
    pub(super) allow_shapes: bool,
    /// Standard input, where another program stands behind it.
    pub(super) input: Option<&'a Input>,
}

/// The models of a run; with a recording, that and nothing else.
pub(super) fn models(
    making: &Making<'_>,
    args: &ModelArgs,
    recorded: Option<&[Event]>,
) -> Result<Models, Error> {
    if let Some(events) = recorded {
        let voice = recording(events);
        return Ok(Models {
            root: voice.clone(),
            sub: voice,
            before: None,
        });
    }
    warn_of_untrusted(making);
    let root = making.voice(args.model.as_deref(), false)?;
    let elsewhere = args.model.is_some() || matches!(root, Voice::Recorded(_));
    let sub = match &args.sub_model {
        Some(name) => making.voice(Some(name), true)?,
        None if elsewhere => root.clone(),
        None => making.voice(None, true)?,
    };
    Ok(Models {
        root,
        sub,
        before: None,
    })
}

/// Says what the repository would choose if it were trusted.
fn warn_of_untrusted(making: &Making<'_>) {
    for name in [
        "model.name",
        "model.baseUrl",
        "subModel.name",
        "subModel.baseUrl",
    ] {
        if let Some(value) = making.config.untrusted(name) {
            making.context.warn(&format!(
                "the repository sets `{name}` to `{}`, which is not trusted and not used; see `happy config --show-origin`",
                value.text
            ));
        }
    }
}

/// The name behind `stdio:`, or `stdio` alone.
fn hosted(name: &str) -> Option<&str> {
    match name.strip_prefix("stdio")? {
        "" => Some("stdio"),
        rest => rest.strip_prefix(':').filter(|name| !name.is_empty()),
    }
}

fn recording(events: &[Event]) -> Voice {
    let name = events.iter().find_map(|event| match event {
        Event::AgentStart { model, .. } => Some(model.as_str()),
        _ => None,
    });
    let name = name.unwrap_or("recorded");
    let name = if name.starts_with("replay of ") {
        name.to_owned()
    } else {
        format!("replay of {name}")
    };
    Voice::Recorded(Arc::new(ReplayClient::new(&name, answers_in(events))))
}

impl Making<'_> {
    fn voice(&self, name: Option<&str>, sub: bool) -> Result<Voice, Error> {
        if let Some(file) = name.and_then(|name| name.strip_prefix("replay:")) {
            let path = self.context.directory()?.join(file);
            return Ok(recording(&Trajectory::read(&path)?));
        }
        let prices = Prices::built_in();
        if let Some(name) = name.and_then(hosted) {
            let input = self
                .input
                .ok_or_else(|| Error::Usage("standard input is not read".to_owned()))?;
            let redactor = Redactor::new(self.secrets.iter().cloned());
            let redactor = if self.allow_shapes {
                redactor.without_shapes()
            } else {
                redactor
            };
            let desk = Arc::clone(&input.desk);
            return Ok(Voice::Live {
                client: Arc::new(HostedClient::new(name, desk, redactor)),
                price: prices.of(name),
            });
        }
        let lookup = |key: &str| match (key, name) {
            ("HAPPY_MODEL", Some(name)) if !sub => Some(name.to_owned()),
            ("HAPPY_SUB_MODEL", Some(name)) if sub => Some(name.to_owned()),
            _ => self.config.variable(key, &environment),
        };
        let settings = if sub {
            Settings::sub(&lookup, &key_command, &prices)
        } else {
            Settings::root(&lookup, &key_command, &prices)
        };
        let mut settings = settings.map_err(agent::Error::Model)?;
        settings.secrets.extend(self.secrets.iter().cloned());
        settings.allow_shapes = self.allow_shapes;
        let client = model::connect(&settings).map_err(agent::Error::Model)?;
        Ok(Voice::Live {
            client: Arc::from(client),
            price: settings.price,
        })
    }
}

/// Runs the command that prints a key, outside every sandbox: it is the user's.
fn key_command(words: &[String]) -> Result<String, String> {
    let (program, arguments) = words.split_first().ok_or("the command is empty")?;
    let output = std::process::Command::new(program)
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("it ended with {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| "it printed no text".to_owned())
}
