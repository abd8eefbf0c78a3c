//! The tree as it becomes while edits are carried out, one after the other.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

use super::RepoPath;
use super::base::{Base, Entry, File, Obstacle};
use super::edit::{Edit, Form};
use super::hunks::Splice;
use super::report::Danger;

/// What a path holds now.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot {
    pub file: Option<File>,
    /// The path in the base that the content came from.
    pub origin: Option<RepoPath>,
    /// How offsets moved since the base: (replaced range, length put there), in order.
    moves: Vec<(Range<usize>, usize)>,
    /// The form and the input line of the first edit that touched it.
    pub edit: Option<(Form, usize)>,
}

impl Slot {
    /// A content that came from nowhere in the base.
    pub(super) fn of(file: File) -> Self {
        Self {
            file: Some(file),
            ..Self::default()
        }
    }

    /// Puts new text into the content.
    pub(super) fn splice(&mut self, splices: &[Splice]) {
        let Some(file) = &mut self.file else { return };
        let mut bytes = Vec::with_capacity(file.bytes.len());
        let mut at = 0;
        for splice in splices {
            bytes.extend_from_slice(&file.bytes[at..splice.range.start]);
            bytes.extend_from_slice(&splice.text);
            at = splice.range.end;
            let now = bytes.len() - splice.text.len();
            self.moves
                .push((now..now + splice.range.len(), splice.text.len()));
        }
        bytes.extend_from_slice(&file.bytes[at..]);
        file.bytes = bytes.into();
    }

    /// Where a span of the base stands now; `None` if an edit cut into one of its ends.
    pub(super) fn now(&self, span: &Range<usize>) -> Option<Range<usize>> {
        let mut span = span.clone();
        for (replaced, length) in &self.moves {
            let shift = |at: usize| at - replaced.len() + length;
            if replaced.end <= span.start {
                // An insertion right at the beginning stands before the symbol.
                span = shift(span.start)..shift(span.end);
            } else if replaced.start >= span.start
                && replaced.end <= span.end
                && replaced.start < span.end
            {
                span.end = shift(span.end);
            } else if replaced.start < span.end {
                return None;
            }
        }
        Some(span)
    }
}

/// A base and what the edits made of it so far.
#[derive(Clone)]
pub(super) struct Tree<'a> {
    pub base: &'a dyn Base,
    pub slots: BTreeMap<RepoPath, Slot>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(base: &'a dyn Base) -> Self {
        Self {
            base,
            slots: BTreeMap::new(),
        }
    }

    /// What the path holds now, or what makes it dangerous to touch.
    pub(super) fn slot(&self, path: &RepoPath) -> io::Result<Result<Slot, Danger>> {
        if let Some(slot) = self.slots.get(path) {
            return Ok(Ok(slot.clone()));
        }
        Ok(match self.base.entry(path)? {
            // A file above or a folder here may go with a later edit: judged at the end.
            Entry::Missing
            | Entry::Directory
            | Entry::Blocked {
                by: Obstacle::File, ..
            } => Ok(Slot::default()),
            Entry::File(file) => Ok(Slot {
                file: Some(file),
                origin: Some(path.clone()),
                ..Slot::default()
            }),
            Entry::Blocked { at, by } => Err(Danger::Through { at, by }),
        })
    }

    /// Sets what the path holds.
    pub(super) fn put(&mut self, path: &RepoPath, mut slot: Slot, edit: &Edit) {
        let before = self.slots.get(path).and_then(|slot| slot.edit);
        slot.edit = before.or(Some((edit.form, edit.line)));
        self.slots.insert(path.clone(), slot);
    }

    /// Where the content that the base has at `path` is now.
    pub(super) fn whereabouts(&self, path: &RepoPath) -> RepoPath {
        let from_here = |slot: &Slot| slot.file.is_some() && slot.origin.as_ref() == Some(path);
        if self.slots.get(path).is_none_or(from_here) {
            return path.clone();
        }
        let moved = self.slots.iter().find(|(_, slot)| from_here(slot));
        moved.map_or_else(|| path.clone(), |(now, _)| now.clone())
    }

    /// The file that a path holds in the base, if it holds one.
    pub(super) fn base_file(&self, path: &RepoPath) -> io::Result<Option<File>> {
        Ok(match self.base.entry(path)? {
            Entry::File(file) => Some(file),
            _ => None,
        })
    }

    /// A folder that still holds a file where a file is to be.
    pub(super) fn folder_stays(&self, path: &RepoPath) -> io::Result<bool> {
        if self.base.entry(path)? != Entry::Directory {
            return Ok(false);
        }
        let mut folders = vec![path.clone()];
        while let Some(folder) = folders.pop() {
            for name in self.base.names(Some(&folder))? {
                let inner = folder.join(&name);
                let gone = self
                    .slots
                    .get(&inner)
                    .is_some_and(|slot| slot.file.is_none());
                match self.base.entry(&inner)? {
                    Entry::Directory => folders.push(inner),
                    Entry::File(_) if gone => {}
                    _ => return Ok(true),
                }
            }
        }
        Ok(false)
    }
}
