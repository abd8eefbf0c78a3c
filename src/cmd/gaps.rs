//! What a snapshot lacks because it could not be read: objects that are not
//! here or are damaged, files without permission.

use std::collections::BTreeMap;

use super::context::Opened;
use super::error::Error;
use crate::git::{SkipReason, Skipped, Worktree};
use crate::index::{Reason, Snapshot};
use crate::lang::{languages, problem};

/// Folders of a commit that could not be listed, in words.
pub fn lost_folders(skipped: &[Skipped]) -> Vec<String> {
    let lost = skipped.iter().filter_map(|skipped| {
        let path = String::from_utf8_lossy(&skipped.path);
        match &skipped.reason {
            SkipReason::MissingTree(_) => Some(format!("folder `{path}` is not here")),
            SkipReason::CorruptTree(..) => Some(format!("folder `{path}` is damaged")),
            _ => None,
        }
    });
    lost.collect()
}

/// Parts of a working tree that could not be looked at, in words.
pub fn unreadable(worktree: &Worktree) -> Vec<String> {
    let lost = worktree.unreadable().iter().map(|lost| {
        let path = String::from_utf8_lossy(&lost.path);
        format!("cannot read `{path}`: {}", lost.reason)
    });
    lost.collect()
}

/// Whether a file that could not be read can be now.
pub fn is_mended(opened: &Opened) -> Result<bool, Error> {
    for (at, file) in opened.snapshot.files()?.iter().enumerate() {
        let gap = file.reason == Reason::Missing as u8 || file.reason == Reason::Unreadable as u8;
        if gap && opened.read(at as u32).is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What the snapshot lacks, one sentence each.
pub fn describe(snapshot: &Snapshot, lost: &[String]) -> Result<Vec<String>, Error> {
    let (mut missing, mut damaged, mut first) = (0_usize, 0_usize, None);
    let mut failed: BTreeMap<u8, usize> = BTreeMap::new();
    let files = snapshot.files()?;
    for file in files {
        match Reason::from_number(file.reason) {
            Reason::Missing => missing += 1,
            Reason::Unreadable => {
                damaged += 1;
                first.get_or_insert(file);
            }
            Reason::Grammar => *failed.entry(file.language).or_default() += 1,
            _ => {}
        }
    }
    let mut gaps = lost.to_vec();
    if missing > 0 {
        let of = files.len();
        gaps.push(format!(
            "{missing} of {of} files are not downloaded and not part of the answer"
        ));
    }
    if let Some(file) = first {
        let path = String::from_utf8_lossy(snapshot.text(file.path)?).into_owned();
        let others = match damaged - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        gaps.push(format!(
            "cannot read `{path}`{others}: damaged; see `git fsck`"
        ));
    }
    for (id, count) in failed {
        gaps.push(grammar(id, count));
    }
    Ok(gaps)
}

/// Files of an added language that have no facts, and why.
fn grammar(id: u8, count: usize) -> String {
    let name = languages()
        .get(usize::from(id))
        .map_or("?", |spec| spec.name);
    // Only a grammar that was asked for knows what is wrong with it.
    let why = problem(id).map_or_else(
        || "the grammar failed at them".to_owned(),
        ToString::to_string,
    );
    format!("{count} files in {name} are left out: {why}; see `happy lang check {name}`")
}
