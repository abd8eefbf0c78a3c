//! From the command line to the models of a run.

use std::sync::Arc;

use super::super::context::Context;
use super::super::error::Error;
use crate::agent::{Models, Trajectory, Voice, answers_in};
use crate::model::ReplayClient;
use crate::record::agent::Event;

/// Which models, and where.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ModelArgs {
    /// The model that orchestrates; `replay:FILE` takes recorded answers
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
    let root = voice(context, args.model.as_deref())?;
    let sub = match &args.sub_model {
        Some(name) => voice(context, Some(name))?,
        None => root.clone(),
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

fn voice(context: &Context, name: Option<&str>) -> Result<Voice, Error> {
    if let Some(file) = name.and_then(|name| name.strip_prefix("replay:")) {
        let path = context.directory()?.join(file);
        return Ok(recording(&Trajectory::read(&path)?));
    }
    Err(Error::Usage("no model is configured: name one with `--model`".to_owned()))
}
