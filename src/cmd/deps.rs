//! `happy deps`

use super::context::{AtArgs, Context};
use super::error::Error;
use super::input::{SymbolArgs, nodes};
use crate::query::{self, DepOptions};

/// List what a file, a module or a symbol depends on
///
/// A file depends on the files (and external packages) that it imports, calls
/// or extends something of; a symbol depends on symbols.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    symbols: SymbolArgs,
    /// What depends on it, instead
    #[arg(short, long)]
    reverse: bool,
    /// Through others, too
    #[arg(short, long)]
    transitive: bool,
    #[command(flatten)]
    at: AtArgs,
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let opened = context.open(&args.at)?;
    let found = nodes(context, &opened, &args.symbols.symbols)?;
    let options = DepOptions {
        reverse: args.reverse,
        transitive: args.transitive,
    };
    query::deps(&opened.snapshot, &found, options, |record| {
        context.output.emit(&record)
    })?;
    Ok(())
}
