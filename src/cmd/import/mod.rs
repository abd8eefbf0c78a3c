//! `happy import`

mod merge;
mod open;
mod places;
#[cfg(fuzzing)]
pub use places::fuzz;

use std::path::PathBuf;

use protobuf::Message;
use scip::types::Index;

use super::context::Context;
use super::error::Error;
use crate::index::{Snapshot, overlaid};
use crate::record::Record;

/// Take precise edges from a SCIP index
///
/// An index that a compiler made knows what a call means. Its definitions are
/// matched with the symbols of the commit by place; then, for each occurrence
/// of a matched symbol, the edge at that place becomes `exact`, an edge to
/// something else gives way, an undecided call is decided, and a mention that
/// was not known is added. The result lies beside the commit's own snapshot,
/// and every verb asks it, while the working tree has no changes or with
/// `--at`. `docs/export.md` says what is taken over and what is not.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The index, as `scip-…` indexers write it (`index.scip`)
    #[arg(value_name = "FILE", required_unless_present = "drop")]
    file: Option<PathBuf>,
    /// The commit that was indexed
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    at: String,
    /// Forget what was imported for the commit
    #[arg(long, conflicts_with = "file")]
    drop: bool,
}

/// Largest index that is read.
const MAX_BYTES: u64 = 2 << 30;

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let repo = context.repo()?;
    let store = context.store(&repo)?;
    let commit = repo.resolve(&args.at)?;
    let Some(file) = &args.file else {
        if store
            .imported(commit.as_bytes())
            .is_ok_and(|found| found.is_none())
        {
            context.warn(&format!("nothing is imported for {}", commit.short()));
            return Ok(());
        }
        context.writer(&store)?.drop_imported(commit.as_bytes())?;
        context
            .output
            .note(&format!("forgot what was imported for {}", commit.short()));
        context.output.raw(b"");
        return Ok(());
    };
    let index = read(context, file)?;
    let opened = context.open_own(&repo, &store, commit)?;
    let merged = merge::merge(&opened, &index)?;
    let sections = overlaid(&opened.snapshot, merged.edges, merged.unresolved)?;
    let identity = opened.snapshot.segment().identity().clone();
    let writer = context.writer(&store)?;
    writer.publish_imported(commit.as_bytes(), &Snapshot::builder(&sections, identity))?;
    let counts = merged.counts;
    context.output.emit(&Record::Imported {
        revision: commit.to_string(),
        documents: counts.documents,
        unknown_documents: counts.unknown_documents,
        symbols: counts.symbols,
        confirmed: counts.confirmed,
        added: counts.added,
        removed: counts.removed,
        decided: counts.decided,
    });
    Ok(())
}

fn read(context: &Context, file: &std::path::Path) -> Result<Index, Error> {
    let path = context.directory()?.join(file);
    let failed = |source| {
        Error::Git(crate::git::Error::Io {
            action: "read",
            path: path.clone(),
            source,
        })
    };
    let size = path.metadata().map_err(failed)?.len();
    if size > MAX_BYTES {
        return Err(Error::Usage(format!(
            "`{}` has {size} bytes; at most {MAX_BYTES} are read",
            file.display()
        )));
    }
    let bytes = std::fs::read(&path).map_err(failed)?;
    Index::parse_from_bytes(&bytes)
        .ok()
        .filter(|index| !index.documents.is_empty())
        .ok_or_else(|| Error::Usage(format!("`{}` is no SCIP index", file.display())))
}
