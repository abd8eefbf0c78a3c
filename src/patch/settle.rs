//! The end of planning: the tree that the edits made is compared with the base, must
//! be one that can exist, and is carried over to the present state.

use std::collections::{BTreeMap, BTreeSet};

use super::base::{Base, Entry, File, Obstacle};
use super::carry::Findings;
use super::edit::Form;
use super::error::PatchError;
use super::plan::{Change, Options};
use super::protect::Protected;
use super::report::{Danger, Note, Reason, Refusal, Rejection, Tolerated};
use super::tree::Tree;
use super::{RepoPath, hidden, merge};

/// The changes between the base and the tree, against `current` where it is given.
pub(super) fn settle(
    tree: &Tree<'_>,
    current: Option<&dyn Base>,
    options: &Options,
    protected: &Protected,
    findings: &mut Findings,
) -> Result<Vec<Change>, PatchError> {
    let changes = changes(tree, findings).map_err(PatchError::io("read the base"))?;
    shape(tree, findings).map_err(PatchError::io("read the base"))?;
    hidden(tree, &changes, protected, findings);
    for base in [Some(tree.base), current].into_iter().flatten() {
        case_twins(tree, base, &changes, findings).map_err(PatchError::io("list a folder"))?;
    }
    let Some(current) = current else {
        return Ok(changes);
    };
    let mut carried = Vec::new();
    for change in changes {
        let edit = edit_of(tree, &change.path);
        match rebased(change, current, options.three_way, edit, findings) {
            Ok(change) => carried.extend(change),
            Err(error) => {
                return Err(PatchError::Io {
                    doing: "read the worktree".into(),
                    source: error,
                });
            }
        }
    }
    Ok(carried)
}

/// The form and the input line of the edit that first touched a path.
fn edit_of(tree: &Tree<'_>, path: &RepoPath) -> (Form, usize) {
    let edit = tree.slots.get(path).and_then(|slot| slot.edit);
    edit.unwrap_or((Form::Unified, 1))
}

fn rejected(path: &RepoPath, (form, input_line): (Form, usize), reason: Reason) -> Rejection {
    Rejection {
        path: path.as_bytes().to_vec(),
        form,
        input_line,
        hunk: None,
        reason,
        nearest: None,
    }
}

fn changes(tree: &Tree<'_>, findings: &mut Findings) -> std::io::Result<Vec<Change>> {
    let mut moved = BTreeSet::new();
    let mut changes = BTreeMap::new();
    for (path, slot) in &tree.slots {
        let Some(origin) = slot.origin.as_ref().filter(|origin| *origin != path) else {
            continue;
        };
        let left = tree
            .slots
            .get(origin)
            .is_some_and(|slot| slot.file.is_none());
        if slot.file.is_some()
            && left
            && tree.base_file(path)?.is_none()
            && moved.insert(origin.clone())
        {
            let change = Change {
                path: path.clone(),
                from: Some(origin.clone()),
                before: tree.base_file(origin)?,
                after: slot.file.clone(),
            };
            changes.insert(path.clone(), change);
        }
    }
    for (path, slot) in &tree.slots {
        if changes.contains_key(path) || (slot.file.is_none() && moved.contains(path)) {
            continue;
        }
        let before = tree.base_file(path)?;
        if before == slot.file {
            findings.notes.push(Note {
                path: path.clone(),
                input_line: edit_of(tree, path).1,
                what: Tolerated::Nothing,
            });
            continue;
        }
        let change = Change {
            path: path.clone(),
            from: None,
            before,
            after: slot.file.clone(),
        };
        changes.insert(path.clone(), change);
    }
    Ok(changes.into_values().collect())
}

/// Nobody reviews what cannot be seen: such a line needs its path to be allowed.
fn hidden(tree: &Tree<'_>, changes: &[Change], protected: &Protected, findings: &mut Findings) {
    for change in changes {
        let Some(after) = &change.after else { continue };
        let before = change.before.as_ref().map_or(&[][..], |file| &file.bytes);
        let added = hidden::added(before, &after.bytes);
        if let Some((line, letter)) = added.filter(|_| !protected.allows(&change.path)) {
            findings.refusals.push(Refusal {
                path: change.path.as_bytes().to_vec(),
                input_line: edit_of(tree, &change.path).1,
                danger: Danger::Hidden { line, letter },
            });
        }
    }
}

/// No file may stand where another needs a folder.
fn shape(tree: &Tree<'_>, findings: &mut Findings) -> std::io::Result<()> {
    let is_file = |path: &RepoPath| -> std::io::Result<bool> {
        match tree.slots.get(path) {
            Some(slot) => Ok(slot.file.is_some()),
            None => Ok(matches!(
                tree.base.entry(path)?,
                Entry::File(_)
                    | Entry::Blocked {
                        by: Obstacle::Special,
                        ..
                    }
            )),
        }
    };
    let files = tree.slots.iter().filter(|(_, slot)| slot.file.is_some());
    for (path, _) in files {
        let edit = edit_of(tree, path);
        for above in path.ancestors() {
            if is_file(&above)? {
                findings
                    .rejections
                    .push(rejected(path, edit, Reason::UnderFile(above)));
                break;
            }
        }
        if tree.folder_stays(path)? {
            findings
                .rejections
                .push(rejected(path, edit, Reason::IsFolder));
        }
    }
    Ok(())
}

/// Finds names that differ from a new path's only in case.
fn case_twins(
    tree: &Tree<'_>,
    base: &dyn Base,
    changes: &[Change],
    findings: &mut Findings,
) -> std::io::Result<()> {
    let folded = |name: &[u8]| String::from_utf8_lossy(name).to_lowercase();
    let gone: BTreeSet<_> = tree
        .slots
        .iter()
        .filter(|(_, slot)| slot.file.is_none())
        .map(|(path, _)| path)
        .collect();
    let mut new: BTreeMap<String, &RepoPath> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.after.is_some()) {
        let path = &change.path;
        let mut twin = new.insert(folded(path.as_bytes()), path).cloned();
        let created = change.before.is_none() || change.from.is_some();
        let mut levels = if created {
            path.ancestors()
        } else {
            Vec::new()
        };
        levels.extend(created.then(|| path.clone()));
        for level in levels {
            let parent = level.parent();
            let names = base.names(parent.as_ref())?;
            if names.iter().any(|name| name == level.name()) {
                continue;
            }
            let same = names
                .iter()
                .find(|name| folded(name) == folded(level.name()));
            let same = same.map(|name| {
                parent
                    .as_ref()
                    .map_or_else(|| RepoPath::top(name), |p| p.join(name))
            });
            twin = twin.or(same.filter(|same| !gone.contains(same)));
            break;
        }
        let Some(twin) = twin else { continue };
        let (_, input_line) = edit_of(tree, path);
        if base.folds_case() {
            let danger = Danger::CaseTwin(twin);
            findings.refusals.push(Refusal {
                path: path.as_bytes().to_vec(),
                input_line,
                danger,
            });
        } else {
            let note = Note {
                path: path.clone(),
                input_line,
                what: Tolerated::CaseTwin(twin),
            };
            if !findings.notes.contains(&note) {
                findings.notes.push(note);
            }
        }
    }
    Ok(())
}

/// Carries a change over from the base to the present state; `None` if it is there.
fn rebased(
    change: Change,
    current: &dyn Base,
    three_way: bool,
    edit: (Form, usize),
    findings: &mut Findings,
) -> std::io::Result<Option<Change>> {
    let source = change.from.as_ref().unwrap_or(&change.path);
    let mut refuse = |path: &RepoPath, danger| {
        findings.refusals.push(Refusal {
            path: path.as_bytes().to_vec(),
            input_line: edit.1,
            danger,
        });
    };
    let mut holds = |path: &RepoPath| -> std::io::Result<Option<Option<File>>> {
        Ok(match current.entry(path)? {
            Entry::File(file) => Some(Some(file)),
            Entry::Missing
            | Entry::Directory
            | Entry::Blocked {
                by: Obstacle::File, ..
            } => Some(None),
            Entry::Blocked { at, by } => {
                refuse(path, Danger::Through { at, by });
                None
            }
        })
    };
    let Some(now) = holds(source)? else {
        return Ok(None);
    };
    let there = if change.from.is_some() {
        let Some(there) = holds(&change.path)? else {
            return Ok(None);
        };
        there
    } else {
        None
    };
    let already = match &change.from {
        Some(_) => now.is_none() && there == change.after,
        None => now == change.after,
    };
    let note = |what| Note {
        path: change.path.clone(),
        input_line: edit.1,
        what,
    };
    if already {
        findings.notes.push(note(Tolerated::AlreadyThere));
        return Ok(None);
    }
    if there.is_some() {
        findings
            .rejections
            .push(rejected(&change.path, edit, Reason::Exists));
        return Ok(None);
    }
    if now == change.before {
        return Ok(Some(change));
    }
    if let (true, Some(ancestor), Some(ours), Some(theirs)) =
        (three_way, &change.before, &now, &change.after)
    {
        let mode = if theirs.mode == ancestor.mode {
            ours.mode
        } else {
            theirs.mode
        };
        return Ok(
            match merge::merged(&ancestor.bytes, &ours.bytes, &theirs.bytes) {
                Ok(bytes) => {
                    findings.notes.push(note(Tolerated::Merged));
                    let after = Some(File {
                        bytes: bytes.into(),
                        mode,
                    });
                    Some(Change {
                        before: now,
                        after,
                        ..change
                    })
                }
                Err(at) => {
                    findings
                        .rejections
                        .push(rejected(&change.path, edit, Reason::Conflict(at)));
                    None
                }
            },
        );
    }
    findings
        .rejections
        .push(rejected(&change.path, edit, Reason::ChangedSinceBase));
    Ok(None)
}
