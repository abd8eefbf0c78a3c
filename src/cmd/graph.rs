//! `happy graph`

use super::context::{AtArgs, Context};
use super::error::Error;
use crate::graph::EdgeKind;
use crate::query::{self, SymbolFilter};

/// Export symbols and edges
///
/// Without options: every symbol, then every edge, as records.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only edges, and only of these kinds
    #[arg(short, long, value_name = "KIND", value_delimiter = ',', value_enum)]
    edge: Vec<Kind>,
    #[command(flatten)]
    at: AtArgs,
}

/// A kind of edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// A symbol stands in another.
    Defines,
    /// A symbol calls another.
    Calls,
    /// A file imports a file or symbol.
    Imports,
    /// A class extends or implements another.
    Implements,
    /// A symbol mentions another.
    References,
    /// A member overrides another.
    Overrides,
}

impl Kind {
    fn edge(self) -> EdgeKind {
        match self {
            Self::Defines => EdgeKind::Defines,
            Self::Calls => EdgeKind::Calls,
            Self::Imports => EdgeKind::Imports,
            Self::Implements => EdgeKind::Implements,
            Self::References => EdgeKind::References,
            Self::Overrides => EdgeKind::Overrides,
        }
    }
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let opened = context.open(&args.at)?;
    let all = [
        Kind::Defines,
        Kind::Calls,
        Kind::Imports,
        Kind::Implements,
        Kind::References,
        Kind::Overrides,
    ];
    let chosen = if args.edge.is_empty() {
        &all[..]
    } else {
        &args.edge
    };
    if args.edge.is_empty() {
        let mut open = true;
        query::symbols(&opened.snapshot, &SymbolFilter::default(), |record| {
            open = context.output.emit(&record);
            open
        })?;
        if !open {
            return Ok(());
        }
    }
    let kinds: Vec<EdgeKind> = chosen.iter().map(|kind| kind.edge()).collect();
    query::edges(&opened.snapshot, &kinds, |record| {
        context.output.emit(&record)
    })?;
    Ok(())
}
