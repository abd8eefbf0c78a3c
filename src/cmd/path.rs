//! `happy path`

use std::ffi::OsString;

use super::context::{AtArgs, Context};
use super::error::Error;
use super::input::nodes;
use super::why::ExplainArgs;
use crate::query;

/// Show a shortest chain of calls from one symbol to another
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the chain starts
    #[arg(value_name = "FROM")]
    from: OsString,
    /// Where it leads
    #[arg(value_name = "TO")]
    to: OsString,
    #[command(flatten)]
    explain: ExplainArgs,
    #[command(flatten)]
    at: AtArgs,
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let opened = context.open(&args.at)?;
    let from = nodes(context, &opened, std::slice::from_ref(&args.from))?;
    let to = nodes(context, &opened, std::slice::from_ref(&args.to))?;
    let steps = context.explained(&opened, args.explain, |why| {
        Ok(query::why_path(&opened.snapshot, &from, &to, why)?)
    })?;
    for record in steps {
        if !context.output.emit(&record) {
            break;
        }
    }
    Ok(())
}
