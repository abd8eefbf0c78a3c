//! `happy refs`

use super::context::{AtArgs, Context};
use super::error::Error;
use super::input::{SymbolArgs, nodes};
use crate::query;

/// List where a symbol is mentioned
///
/// Calls, other mentions, imports, bases and overriding members, each place
/// once, with the symbol that it stands in.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    symbols: SymbolArgs,
    #[command(flatten)]
    at: AtArgs,
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let opened = context.open(&args.at)?;
    let targets = nodes(context, &opened, &args.symbols.symbols)?;
    query::refs(&opened.snapshot, &targets, |record| {
        context.output.emit(&record)
    })?;
    Ok(())
}
