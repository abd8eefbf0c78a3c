//! `happy callees`

use super::callers::CallArgs;
use super::context::{AtArgs, Context};
use super::error::Error;
use super::input::{SymbolArgs, nodes};
use super::why::ExplainArgs;
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
    explain: ExplainArgs,
    #[command(flatten)]
    at: AtArgs,
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let opened = context.open(&args.at)?;
    let sources = nodes(context, &opened, &args.symbols.symbols)?;
    let options = args.calls.options();
    context.explained(&opened, args.explain, |why| {
        let emit = |record| context.output.emit(&record);
        Ok(query::why_callees(
            &opened.snapshot,
            &sources,
            options,
            why,
            emit,
        )?)
    })?;
    Ok(())
}
