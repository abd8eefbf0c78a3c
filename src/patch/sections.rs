//! The file sections of a unified diff, carried out as Git carries them out.

use std::collections::BTreeSet;

use super::base::{File, FileMode};
use super::carry::{Carrier, Fault, mode_of, slot_in};
use super::edit::{DiffKind, Edit, FileDiff, HunkLine};
use super::error::PatchError;
use super::hunks::Splice;
use super::report::{Reason, Tolerated};
use super::tree::{Slot, Tree};
use super::{RepoPath, hunks, merge};

impl Carrier<'_> {
    /// One file section of a diff. Renames and copies take the content from `before`,
    /// the tree as it was before the whole diff.
    pub(super) fn diff(
        &mut self,
        edit: &Edit,
        file: &FileDiff,
        before: &Tree<'_>,
        leaving: &BTreeSet<Vec<u8>>,
        written: &mut BTreeSet<RepoPath>,
    ) -> Result<(), Fault> {
        let from = self.path(&file.from)?;
        let to = self.path(&file.to)?;
        let moves = matches!(file.kind, DiffKind::Rename | DiffKind::Copy);
        let mut slot = if moves {
            slot_in(before, &from)?
        } else {
            self.slot(&from)?
        };
        let new_mode = file
            .new_mode
            .map(|bits| mode_of(&file.to, bits))
            .transpose()?;
        if file.kind != DiffKind::Create {
            // The mode before says what the file was: a link or submodule is no text.
            file.old_mode
                .map(|bits| mode_of(&file.from, bits))
                .transpose()?;
        }
        let starts_empty = file
            .hunks
            .iter()
            .all(|hunk| !hunk.lines.iter().any(HunkLine::is_old));
        let creates = file.kind == DiffKind::Create
            || (file.kind == DiffKind::Modify
                && slot.file.is_none()
                && starts_empty
                && !file.hunks.is_empty());
        if creates {
            if slot.file.is_some() {
                return Err(Reason::Exists.into());
            }
            slot.file = Some(File {
                bytes: Vec::new().into(),
                mode: FileMode::Regular,
            });
        }
        if moves
            && self.slot(&to)?.file.is_some()
            && (!leaving.contains(&file.to) || written.contains(&to))
        {
            return Err(Reason::Exists.into());
        }
        let content = slot.file.as_ref().ok_or(Reason::Missing)?.bytes.clone();
        if !file.hunks.is_empty() {
            if content.starts_with(b"\xff\xfe") || content.starts_with(b"\xfe\xff") {
                return Err(Reason::NotText("the file is UTF-16 text, which is not edited").into());
            }
            match hunks::place(&content, &file.hunks, self.options.fuzz) {
                Ok(placed) => {
                    self.take(&to, &mut slot, placed, |number| file.hunks[number - 1].line);
                }
                Err(bad) => match self.three_way(file, &content)? {
                    Some(merged) => {
                        slot.splice(&[Splice {
                            range: 0..content.len(),
                            text: merged,
                        }]);
                        self.note(&to, edit.line, Some(Tolerated::Merged));
                    }
                    None => return Err(Fault::Rejected(bad)),
                },
            }
        }
        if file.kind == DiffKind::Delete {
            if slot.file.is_some_and(|file| !file.bytes.is_empty()) {
                return Err(Reason::ContentDiffers.into());
            }
            slot = Slot::default();
        } else if let (Some(mode), Some(file)) = (new_mode, &mut slot.file) {
            file.mode = mode;
        }
        if file.kind == DiffKind::Rename && !written.contains(&from) {
            self.tree.put(&from, Slot::default(), edit);
        }
        if file.kind == DiffKind::Copy {
            slot.origin = None;
        }
        self.tree.put(&to, slot, edit);
        written.insert(to);
        Ok(())
    }

    /// The hunks applied to the blob they were made from, merged with the content.
    fn three_way(&self, file: &FileDiff, content: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let Some(id) = file.old_blob.as_deref().filter(|_| self.options.three_way) else {
            return Ok(None);
        };
        let blob = self
            .context
            .base
            .blob(id)
            .map_err(PatchError::io(format!("read blob {id}")));
        let Some(ancestor) = blob.map_err(Fault::Failed)? else {
            return Ok(None);
        };
        let Ok(placed) = hunks::place(&ancestor, &file.hunks, 0) else {
            return Ok(None);
        };
        let mut slot = Slot::of(File {
            bytes: ancestor.clone().into(),
            mode: FileMode::Regular,
        });
        slot.splice(&placed.splices);
        let theirs = slot.file.map(|file| file.bytes).unwrap_or_default();
        match merge::merged(&ancestor, content, &theirs) {
            Ok(merged) => Ok(Some(merged)),
            Err(at) => Err(Reason::Conflict(at).into()),
        }
    }
}
