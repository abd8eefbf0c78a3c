//! `happy status`

use super::context::{AtArgs, Context, worktree_name};
use super::error::Error;
use crate::git::Repo;
use crate::index::records::file_flag;
use crate::index::{Reason, Segment, Store, snapshot_fingerprint};
use crate::lang::languages;
use crate::record::{Record, Text};

/// Say what is indexed
#[derive(Debug, clap::Args)]
pub struct Args {
    /// List the files that were left out or are marked, and why
    #[arg(long)]
    coverage: bool,
    /// Check every byte of the index
    #[arg(long, conflicts_with = "coverage")]
    verify: bool,
    #[command(flatten)]
    at: AtArgs,
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    if args.coverage {
        return coverage(context, args);
    }
    let repo = context.repo()?;
    let store = context.store(&repo)?;
    if args.verify {
        return verify(context, &store);
    }
    let (head, dirty, indexed) = state(&repo, &store)?;
    let snapshots = store.snapshots()?;
    context.output.emit(&Record::Status {
        head,
        dirty,
        indexed,
        snapshots: snapshots.len() as u32,
        bytes: snapshots.iter().map(|snapshot| snapshot.len).sum(),
        path: Text::from(store.root().to_string_lossy().as_ref()),
    });
    Ok(())
}

/// The commit of HEAD, whether the working tree differs, and whether there is
/// a snapshot of what a question would be about.
fn state(repo: &Repo, store: &Store) -> Result<(Option<String>, bool, bool), Error> {
    let head = repo.resolve("HEAD").ok();
    let worktree = match repo.work_dir() {
        Some(_) => Some(repo.worktree()?),
        None => None,
    };
    let changed = match (&worktree, head) {
        (Some(worktree), Some(commit)) if worktree.is_clean_against(commit)? => None,
        (worktree, _) => worktree.as_ref(),
    };
    let dirty = changed.is_some();
    let found = match (changed, head) {
        (Some(worktree), _) => store.worktree(&worktree_name(repo), worktree.id().as_bytes()),
        (None, Some(commit)) => store.snapshot(commit.as_bytes()),
        (None, None) => Ok(None),
    };
    let current = snapshot_fingerprint();
    let indexed = found
        .is_ok_and(|found| found.is_some_and(|segment| segment.identity().fingerprint == current));
    Ok((head.map(|commit| commit.to_string()), dirty, indexed))
}

fn coverage(context: &Context, args: &Args) -> Result<(), Error> {
    let opened = context.open(&args.at)?;
    for file in opened.snapshot.files()? {
        let marked = file.flags & (file_flag::GENERATED | file_flag::VENDORED) != 0;
        if file.reason == 0 && !marked {
            continue;
        }
        let record = Record::Coverage {
            path: opened.snapshot.text(file.path)?.into(),
            language: languages()
                .get(usize::from(file.language))
                .map(|spec| spec.name),
            reason: Reason::from_number(file.reason).name(),
            generated: file.flags & file_flag::GENERATED != 0,
            vendored: file.flags & file_flag::VENDORED != 0,
            lines: file.lines,
        };
        if !context.output.emit(&record) {
            break;
        }
    }
    Ok(())
}

fn verify(context: &Context, store: &Store) -> Result<(), Error> {
    let io = store.io();
    for listed in store.snapshots()? {
        let checked = Segment::open(&*io, &listed.path).and_then(|segment| segment.verify());
        context.output.emit(&Record::Verified {
            path: Text::from(listed.path.to_string_lossy().as_ref()),
            sound: checked.is_ok(),
            problem: checked.err().map(|error| error.to_string()),
        });
    }
    Ok(())
}
