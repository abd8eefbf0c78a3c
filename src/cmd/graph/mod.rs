//! `happy graph`
//!
//! A format is one file that writes the same nodes and edges, so that all of
//! them have the same counts; records give each site of an edge instead.

mod csv;
mod dot;
mod graphml;
mod html;
mod json;
mod mermaid;
mod model;
mod scip;

use std::ffi::OsString;

use super::context::{AtArgs, Context, Opened};
use super::error::Error;
use super::input::nodes;
use super::output::Format;
use crate::graph::EdgeKind;
use crate::query::{self, SymbolFilter};
use crate::record::Record;
use model::{Graph, Scope};

/// Export symbols and edges
///
/// Without options: every symbol, then every edge, as records. With symbols,
/// what lies around them. `--format` writes one document instead: for Graphviz,
/// Mermaid, networkx, a spreadsheet, or as a SCIP index; `--html` a page that
/// draws the graph and needs no network. In a document, edges of one kind
/// between the same two symbols are one edge that says how many sites it has.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only what lies around these symbols
    #[arg(value_name = "SYMBOL")]
    symbols: Vec<OsString>,
    /// So many edges around the symbols
    #[arg(long, value_name = "N", default_value_t = 1, requires = "symbols")]
    depth: u32,
    /// Only edges, and only of these kinds
    #[arg(short, long, value_name = "KIND", value_delimiter = ',', value_enum)]
    edge: Vec<Kind>,
    /// Write records, or one document
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<Format>,
    /// Write a page to look at; like `--format html`
    #[arg(long, conflicts_with = "format")]
    html: bool,
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

/// All kinds, in the order they are written.
const ALL: [Kind; 6] = [
    Kind::Defines,
    Kind::Calls,
    Kind::Imports,
    Kind::Implements,
    Kind::References,
    Kind::Overrides,
];

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
    let chosen = if args.edge.is_empty() {
        &ALL[..]
    } else {
        &args.edge
    };
    let kinds: Vec<EdgeKind> = chosen.iter().map(|kind| kind.edge()).collect();
    let asked = if args.symbols.is_empty() {
        Vec::new()
    } else {
        nodes(context, &opened, &args.symbols)?
    };
    let scope = if args.symbols.is_empty() {
        None
    } else {
        Some(Scope::around(&opened.snapshot, &asked, &kinds, args.depth)?)
    };
    let format = if args.html {
        Some(Format::Html)
    } else {
        args.format
    };
    if format.is_some_and(Format::is_report) {
        let why = "only `impact` and `test` have such a report";
        return Err(Error::Usage(why.to_owned()));
    }
    let Some(format) = format.filter(|format| !matches!(format, Format::Jsonl | Format::Text))
    else {
        let symbols = args.edge.is_empty();
        return records(context, &opened, scope.as_ref(), &kinds, symbols);
    };
    let scope = match scope {
        Some(scope) => scope,
        None => Scope::all(&opened.snapshot, &kinds)?,
    };
    if format == Format::Scip {
        let bytes = scip::write(&opened, &scope, &kinds)?;
        context.output.raw(&bytes);
        return Ok(());
    }
    let graph = Graph::new(&opened.snapshot, &scope, &kinds)?;
    let text = match format {
        Format::Dot => dot::write(&graph),
        Format::Graphml => graphml::write(&graph),
        Format::Csv => csv::write(&graph),
        Format::Json => json::write(&graph, &opened.name),
        Format::Html => html::write(context, &opened, &graph, &asked)?,
        _ => mermaid::write(context, &graph),
    };
    context.output.raw(text.as_bytes());
    Ok(())
}

fn records(
    context: &Context,
    opened: &Opened,
    scope: Option<&Scope>,
    kinds: &[EdgeKind],
    symbols: bool,
) -> Result<(), Error> {
    let snapshot = &opened.snapshot;
    let mut open = true;
    match scope {
        Some(scope) if symbols => {
            for &node in scope.nodes() {
                let doc = if snapshot.is_external(node) {
                    &[][..]
                } else {
                    snapshot.text(snapshot.symbol(node)?.doc)?
                };
                open = context.output.emit(&Record::Symbol {
                    symbol: query::symbol(snapshot, node)?,
                    doc: (!doc.is_empty()).then(|| doc.into()),
                });
                if !open {
                    return Ok(());
                }
            }
        }
        None if symbols => {
            query::symbols(snapshot, &SymbolFilter::default(), |record| {
                open = context.output.emit(&record);
                open
            })?;
        }
        _ => {}
    }
    if !open {
        return Ok(());
    }
    let Some(scope) = scope else {
        query::edges(snapshot, kinds, |record| context.output.emit(&record))?;
        return Ok(());
    };
    query::each_edge(snapshot, kinds, |kind, edge| {
        let inside = scope.holds(edge.source) && scope.holds(edge.target);
        Ok(!inside
            || context
                .output
                .emit(&query::edge_record(snapshot, kind, edge)?))
    })?;
    Ok(())
}
