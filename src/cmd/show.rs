//! `happy show`

use super::context::{AtArgs, Context, Opened};
use super::error::Error;
use super::input::{SymbolArgs, nodes};
use crate::query;
use crate::record::{Record, Text};

/// Print the source of a symbol
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
    for node in nodes(context, &opened, &args.symbols.symbols)? {
        if opened.snapshot.is_external(node) {
            let name = query::symbol_text(&opened.snapshot, node)?;
            let name = String::from_utf8_lossy(&name).into_owned();
            context.warn(&format!("`{name}` stands outside the repository"));
            continue;
        }
        if !context.output.emit(&source(&opened, node)?) {
            break;
        }
    }
    Ok(())
}

/// The source of a symbol of the repository, in whole lines.
pub fn source(opened: &Opened, node: u32) -> Result<Record, Error> {
    let record = *opened.snapshot.symbol(node)?;
    let bytes = opened.read(record.file)?;
    // Whole lines, so that the indentation of the first one is there.
    let start = (record.start as usize).min(bytes.len());
    let end = (record.end as usize).clamp(start, bytes.len());
    let start = bytes[..start]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    Ok(Record::Source {
        symbol: query::symbol(&opened.snapshot, node)?,
        start_line: record.start_line,
        text: Text(bytes[start..end].to_vec()),
    })
}
