//! `happy index`

use super::context::{AtArgs, Context, Opened};
use super::error::Error;
use crate::record::Record;

/// Index revisions, or the working tree
///
/// Nobody has to run this: every question indexes what it needs. Hooks and CI
/// run it so that nobody waits.
///
/// `HAPPY_EMBEDDER=endpoint` makes the vectors for `happy search` with a server
/// that speaks `POST /embeddings`, instead of with the table inside the program:
/// `HAPPY_EMBEDDING_MODEL` (`text-embedding-3-small`) at
/// `HAPPY_EMBEDDING_BASE_URL` (`https://api.openai.com/v1`), with
/// `HAPPY_EMBEDDING_DIMENSIONS` numbers, the key from `OPENAI_API_KEY`, from the
/// variable that `HAPPY_EMBEDDING_KEY_VARIABLE` names or from what
/// `HAPPY_EMBEDDING_KEY_COMMAND` prints. It says first what that will cost; what
/// was paid for is kept, and asked for once.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Revisions to index; without any, the working tree
    #[arg(value_name = "REV")]
    revisions: Vec<String>,
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    context.meaning.for_index(context)?;
    if args.revisions.is_empty() {
        let opened = context.open(&AtArgs::default())?;
        context.output.emit(&record(context, &opened)?);
        return Ok(());
    }
    for revision in &args.revisions {
        let opened = context.open(&AtArgs {
            at: Some(revision.clone()),
        })?;
        if !context.output.emit(&record(context, &opened)?) {
            break;
        }
    }
    Ok(())
}

fn record(context: &Context, opened: &Opened) -> Result<Record, Error> {
    let snapshot = &opened.snapshot;
    let meta = snapshot.meta();
    let mut edges = 0;
    for kind in crate::index::STORED {
        edges += snapshot.edges(kind)?.len() as u64;
    }
    Ok(Record::Snapshot {
        revision: opened.name.clone(),
        files: snapshot.files()?.len() as u32,
        symbols: meta.symbols,
        edges,
        unresolved: snapshot.unresolved_len()? as u64,
        lines: meta.lines,
        bytes: snapshot.segment().as_bytes().len() as u64,
        built: opened.built,
        milliseconds: context.elapsed().as_millis() as u64,
    })
}
