//! From the command line to the models of a run.

use std::sync::Arc;

use super::super::context::{Context, variable};
use super::super::error::Error;
use crate::agent::{self, Models, Trajectory, Voice, answers_in};
use crate::model::{self, Prices, ReplayClient, Settings};
use crate::record::agent::Event;

/// Which models, and where.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ModelArgs {
    /// The model that orchestrates, as in `anthropic:claude-sonnet-4-5`
    ///
    /// Without it, `HAPPY_MODEL` says which. `replay:FILE` takes the answers that
    /// a file has recorded. Keys come from the environment or a key command.
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// The model of sub-agents, if it is another
    #[arg(long, value_name = "MODEL")]
    sub_model: Option<String>,
}

/// The models of a run; with a recording, that and nothing else.
pub(super) fn models(
    context: &Context,
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
    let root = voice(context, args.model.as_deref(), false)?;
    let recorded = matches!(root, Voice::Recorded(_));
    let sub = match &args.sub_model {
        Some(name) => voice(context, Some(name), true)?,
        None if recorded || args.model.is_some() => root.clone(),
        None => voice(context, None, true)?,
    };
    Ok(Models {
        root,
        sub,
        before: None,
    })
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

fn voice(context: &Context, name: Option<&str>, sub: bool) -> Result<Voice, Error> {
    if let Some(file) = name.and_then(|name| name.strip_prefix("replay:")) {
        let path = context.directory()?.join(file);
        return Ok(recording(&Trajectory::read(&path)?));
    }
    let prices = Prices::built_in();
    let lookup = |key: &str| match (key, name) {
        ("HAPPY_MODEL" | "HAPPY_SUB_MODEL", Some(name)) => Some(name.to_owned()),
        _ => variable(key).and_then(|value| value.into_string().ok()),
    };
    let settings = if sub {
        Settings::sub(&lookup, &key_command, &prices)
    } else {
        Settings::root(&lookup, &key_command, &prices)
    };
    let settings = settings.map_err(agent::Error::Model)?;
    let client = model::connect(&settings).map_err(agent::Error::Model)?;
    Ok(Voice::Live {
        client: Arc::from(client),
        price: settings.price,
    })
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
