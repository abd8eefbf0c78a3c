//! `happy callers`

use super::context::{AtArgs, Context};
use super::error::Error;
use super::input::{SymbolArgs, nodes};
use super::why::ExplainArgs;
use crate::query::{self, CallOptions};

/// List who calls a symbol
///
/// Each record is one call site: the symbol that calls, where, and how surely
/// it is known. Call sites of that name that could not be decided are counted
/// on standard error and listed with `--all`: no answer never reads as "none".
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

/// How far and how surely to look.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct CallArgs {
    /// Through others, too
    #[arg(short, long)]
    pub transitive: bool,
    /// At most so many calls away
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub depth: u32,
    /// With the call sites that only bear the name
    #[arg(long)]
    pub all: bool,
    /// Only what scope, import or declared type decides
    #[arg(long, conflicts_with = "all")]
    pub exact: bool,
}

impl CallArgs {
    /// As the question takes them.
    pub fn options(&self) -> CallOptions {
        CallOptions {
            transitive: self.transitive,
            depth: self.depth,
            exact: self.exact,
            all: self.all,
        }
    }
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let opened = context.open(&args.at)?;
    let targets = nodes(context, &opened, &args.symbols.symbols)?;
    let options = args.calls.options();
    context.explained(&opened, args.explain, |why| {
        let emit = |record| context.output.emit(&record);
        Ok(query::why_callers(
            &opened.snapshot,
            &targets,
            options,
            why,
            emit,
        )?)
    })?;
    if !args.calls.all {
        tell_undecided(context, &opened.snapshot, &targets)?;
    }
    Ok(())
}

fn tell_undecided(
    context: &Context,
    snapshot: &crate::index::Snapshot,
    targets: &[u32],
) -> Result<(), Error> {
    let mut told = Vec::new();
    for &target in targets {
        let count = query::undecided(snapshot, target)?;
        let name = query::symbol(snapshot, target)?.name;
        if count > 0 && !told.contains(&name) {
            let calls = if count == 1 { "call" } else { "calls" };
            context.warn(&format!(
                "{count} {calls} of some `{}` could not be decided; `--all` lists them",
                name.lossy()
            ));
            told.push(name);
        }
    }
    Ok(())
}
