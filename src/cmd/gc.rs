//! `happy gc`

use super::context::Context;
use super::error::Error;
use crate::git::ObjectId;
use crate::index::{GcPolicy, Reach, Wanted, fingerprint};
use crate::lang::languages;
use crate::record::Record;

/// Remove what the index no longer needs
///
/// Snapshots of commits that are gone go at once; then the oldest, those that
/// a branch or tag names last, until count and size are within bounds.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Keep so many snapshots
    #[arg(long, value_name = "N", default_value_t = 50)]
    keep: usize,
    /// Keep so many MiB of snapshots
    #[arg(long, value_name = "MIB", default_value_t = 4096)]
    max_size: u64,
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let repo = context.repo()?;
    let store = context.store(&repo)?;
    let writer = context.writer(&store)?;
    let policy = GcPolicy {
        max_snapshots: args.keep,
        max_bytes: args.max_size << 20,
        ..GcPolicy::default()
    };
    let fingerprints: Vec<u64> = (0..languages().len() as u8).map(fingerprint).collect();
    let head = repo.resolve("HEAD").ok();
    let reach = |id: &[u8]| match ObjectId::from_bytes(id) {
        Ok(id) if Some(id) == head => Reach::Reached,
        Ok(id) if repo.objects().contains(id) => Reach::Unreached,
        _ => Reach::Gone,
    };
    let wanted = Wanted {
        reach: &reach,
        fingerprints: &fingerprints,
        blob: &|_| true,
    };
    let report = writer.gc(&policy, &wanted)?;
    let mut imports = 0;
    for listed in store.imports()? {
        if reach(&listed.id) == Reach::Gone {
            writer.drop_imported(&listed.id)?;
            imports += 1;
        }
    }
    context.output.emit(&Record::Collected {
        snapshots: report.snapshots as u64 + imports,
        packs: report.packs as u64,
        bytes: report.bytes,
    });
    Ok(())
}
