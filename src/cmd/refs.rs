//! `happy refs`

use super::context::{AtArgs, Context};
use super::error::Error;
use super::input::{SymbolArgs, nodes};
use super::why::ExplainArgs;
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
    explain: ExplainArgs,
    #[command(flatten)]
    at: AtArgs,
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let opened = context.open(&args.at)?;
    let targets = nodes(context, &opened, &args.symbols.symbols)?;
    context.explained(&opened, args.explain, |why| {
        let emit = |record| context.output.emit(&record);
        Ok(query::why_refs(&opened.snapshot, &targets, why, emit)?)
    })?;
    Ok(())
}
