//! `happy agent log`

use super::super::context::Context;
use super::super::error::Error;
use super::{no_run, runs};
use crate::agent::{RunId, Trajectory, list_runs, page};
use crate::record::Record;
use crate::record::agent::Event;

/// Show what happened in a run; without one, the runs that there are
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run; `last` is the newest
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Write one page of HTML that needs nothing else
    #[arg(long, requires = "run")]
    html: bool,
}

/// Runs the verb.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let repo = context.repo()?;
    let folder = runs(&repo);
    let known = list_runs(&folder);
    let Some(name) = &args.run else {
        for run in known {
            // A run that cannot be read does not hide the others.
            match Trajectory::read_run(&folder, &run) {
                Ok(events) => ends(context, events),
                Err(error) => context.warn(&error.to_string()),
            }
        }
        return Ok(());
    };
    let run = match name.as_str() {
        "last" => known.last().cloned(),
        name => RunId::parse(name),
    };
    let run = run.ok_or_else(|| no_run(name))?;
    let events = Trajectory::read_run(&folder, &run)?;
    if args.html {
        context.output.raw(page(&events).as_bytes());
        return Ok(());
    }
    for event in events {
        if !context.output.emit(&Record::Agent(Box::new(event))) {
            break;
        }
    }
    Ok(())
}

/// How a run began, and how it ended.
fn ends(context: &Context, events: Vec<Event>) {
    let mut last = None;
    for event in events {
        match event {
            Event::AgentStart { .. } => {
                context.output.emit(&Record::Agent(Box::new(event)));
            }
            Event::AgentEnd { .. } => last = Some(event),
            _ => {}
        }
    }
    if let Some(event) = last {
        context.output.emit(&Record::Agent(Box::new(event)));
    }
}
