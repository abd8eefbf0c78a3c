//! `happy callees`

use super::callers::CallArgs;
use super::context::{AtArgs, Context};
use super::error::Error;
use super::input::{SymbolArgs, nodes};
use crate::query;

/// List what a symbol calls
///
/// Each record is one call site: the symbol that is called, where, and how
/// surely it is known. Symbols outside the repository are listed too, as
/// `pypi:requests::get`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    symbols: SymbolArgs,
    #[command(flatten)]
    calls: CallArgs,
    #[command(flatten)]
    at: AtArgs,
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let opened = context.open(&args.at)?;
    let sources = nodes(context, &opened, &args.symbols.symbols)?;
    query::callees(&opened.snapshot, &sources, args.calls.options(), |record| {
        context.output.emit(&record)
    })?;
    Ok(())
}
