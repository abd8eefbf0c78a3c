//! Carries edits out, one after the other, on a tree in memory.

use std::collections::BTreeSet;

use super::base::{File, FileMode};
use super::edit::{Action, DiffKind, Edit, Form, Target};
use super::error::PatchError;
use super::hunks::{BadHunk, Placed, Splice};
use super::locate::{Miss, Query, locate};
use super::plan::{Context, Options};
use super::protect::Protected;
use super::report::{Danger, Nearest, Note, Reason, Refusal, Rejection, Tolerated};
use super::symbol::SymbolFault;
use super::tree::{Slot, Tree};
use super::{RepoPath, body, chunks, content_hash, lines};

/// What was found on the way.
#[derive(Default)]
pub(super) struct Findings {
    pub refusals: Vec<Refusal>,
    pub rejections: Vec<Rejection>,
    pub notes: Vec<Note>,
}

/// Why one edit was not carried out.
pub(super) enum Fault {
    Danger(Vec<u8>, Danger),
    Rejected(Vec<BadHunk>),
    Failed(PatchError),
}

impl From<Miss> for Fault {
    fn from(miss: Miss) -> Self {
        Self::Rejected(vec![BadHunk {
            index: 0,
            reason: miss.reason,
            nearest: miss.nearest,
        }])
    }
}

impl From<Reason> for Fault {
    fn from(reason: Reason) -> Self {
        Miss {
            reason,
            nearest: None::<Nearest>,
        }
        .into()
    }
}

pub(super) struct Carrier<'a> {
    pub context: &'a Context<'a>,
    pub options: &'a Options,
    protected: &'a Protected,
    pub tree: Tree<'a>,
    findings: Findings,
}

impl<'a> Carrier<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        options: &'a Options,
        protected: &'a Protected,
    ) -> Self {
        let tree = Tree::new(context.base);
        Self {
            context,
            options,
            protected,
            tree,
            findings: Findings::default(),
        }
    }

    pub(super) fn finish(self) -> (Tree<'a>, Findings) {
        (self.tree, self.findings)
    }

    /// Carries out edits that belong together.
    pub(super) fn carry_group(&mut self, edits: &[Edit]) -> Result<(), PatchError> {
        let moves = |edit: &Edit| match &edit.action {
            Action::Diff(file) => matches!(file.kind, DiffKind::Rename | DiffKind::Copy),
            _ => false,
        };
        let before = if edits.iter().any(moves) {
            self.tree.clone()
        } else {
            Tree::new(self.context.base)
        };
        let leaving = edits
            .iter()
            .filter_map(|edit| match &edit.action {
                Action::Diff(file) if matches!(file.kind, DiffKind::Rename | DiffKind::Delete) => {
                    Some(file.from.clone())
                }
                _ => None,
            })
            .collect();
        let mut written = BTreeSet::new();
        for edit in edits {
            let done = match &edit.action {
                Action::Diff(file) => self.diff(edit, file, &before, &leaving, &mut written),
                _ => self.carry(edit),
            };
            match done {
                Ok(()) => {}
                Err(Fault::Failed(error)) => return Err(error),
                Err(Fault::Danger(path, danger)) => {
                    self.findings.refusals.push(Refusal {
                        path,
                        input_line: edit.line,
                        danger,
                    });
                }
                Err(Fault::Rejected(bad)) => {
                    self.findings
                        .rejections
                        .extend(bad.into_iter().map(|bad| rejection(edit, bad)));
                }
            }
        }
        Ok(())
    }

    fn carry(&mut self, edit: &Edit) -> Result<(), Fault> {
        let line = edit.line;
        match (&edit.action, &edit.target) {
            (
                Action::Replace {
                    search,
                    replace,
                    whole_lines,
                    hash,
                },
                _,
            ) => {
                let (path, mut slot, scope) = self.scope(&edit.target, hash.as_deref())?;
                let content = text_of(&slot)?;
                let query = Query {
                    content: &content,
                    scope,
                    search,
                    replace,
                    whole_lines: *whole_lines,
                };
                let located = locate(&query)?;
                self.note(&path, line, located.tolerated);
                slot.splice(&[Splice {
                    range: located.range,
                    text: located.replacement,
                }]);
                self.tree.put(&path, slot, edit);
            }
            (Action::Body { body, hash }, _) => {
                let (path, mut slot, span) = self.scope(&edit.target, hash.as_deref())?;
                let content = text_of(&slot)?;
                let (text, tolerated) = body::fitted(&content, &span, body);
                self.note(&path, line, tolerated);
                slot.splice(&[Splice { range: span, text }]);
                self.tree.put(&path, slot, edit);
            }
            (action, Target::Path(raw)) => self.carry_file(edit, action, raw)?,
            (_, Target::Symbol(_)) => return Err(Reason::UnknownSymbol.into()),
        }
        Ok(())
    }

    fn carry_file(&mut self, edit: &Edit, action: &Action, raw: &[u8]) -> Result<(), Fault> {
        let path = self.path(raw)?;
        match action {
            Action::Create { content, mode } => {
                let mut slot = self.slot(&path)?;
                // A block with an empty search fills an empty file, too.
                let empty = slot.file.as_ref().is_some_and(|file| file.bytes.is_empty());
                if slot.file.is_some() && !(empty && edit.form == Form::Blocks) {
                    return Err(Reason::Exists.into());
                }
                let kept = slot.file.map_or(FileMode::Regular, |file| file.mode);
                let mode = mode.map_or(Ok(kept), |bits| mode_of(raw, bits))?;
                if let Some(why) = lines::not_text(content) {
                    return Err(Reason::NotText(why).into());
                }
                slot.file = Some(File {
                    bytes: content.clone().into(),
                    mode,
                });
                self.tree.put(&path, slot, edit);
            }
            Action::Delete { content, hash } => {
                let file = self.slot(&path)?.file.ok_or(Reason::Missing)?;
                check_hash(&file.bytes, hash.as_deref())?;
                if content
                    .as_ref()
                    .is_some_and(|content| **content != *file.bytes)
                {
                    return Err(Reason::ContentDiffers.into());
                }
                self.tree.put(&path, Slot::default(), edit);
            }
            Action::Rename { to } => {
                let to = self.path(to)?;
                let slot = self.slot(&path)?;
                slot.file.as_ref().ok_or(Reason::Missing)?;
                self.relocate(&path, &to, slot, edit)?;
            }
            Action::SetMode { mode } => {
                let mut slot = self.slot(&path)?;
                slot.file.as_mut().ok_or(Reason::Missing)?.mode = mode_of(raw, *mode)?;
                self.tree.put(&path, slot, edit);
            }
            Action::Chunks {
                chunks: parts,
                move_to,
            } => {
                let to = move_to.as_deref().map(|to| self.path(to)).transpose()?;
                let mut slot = self.slot(&path)?;
                slot.file.as_ref().ok_or(Reason::Missing)?;
                if !parts.is_empty() {
                    let content = text_of(&slot)?;
                    let placed = chunks::place(&content, parts).map_err(Fault::Rejected)?;
                    self.take(&path, &mut slot, placed, |number| parts[number - 1].line);
                }
                match to {
                    Some(to) => self.relocate(&path, &to, slot, edit)?,
                    None => self.tree.put(&path, slot, edit),
                }
            }
            Action::Replace { .. } | Action::Body { .. } | Action::Diff(_) => {}
        }
        Ok(())
    }

    /// Moves a file to a free path.
    fn relocate(
        &mut self,
        from: &RepoPath,
        to: &RepoPath,
        slot: Slot,
        edit: &Edit,
    ) -> Result<(), Fault> {
        if to != from && self.slot(to)?.file.is_some() {
            return Err(Reason::Exists.into());
        }
        self.tree.put(from, Slot::default(), edit);
        self.tree.put(to, slot, edit);
        Ok(())
    }

    pub(super) fn take(
        &mut self,
        path: &RepoPath,
        slot: &mut Slot,
        placed: Placed,
        line: impl Fn(usize) -> usize,
    ) {
        slot.splice(&placed.splices);
        for (number, tolerated) in placed.tolerated {
            self.note(path, line(number), Some(tolerated));
        }
    }

    /// The file of a target, and the bytes of it that are meant.
    fn scope(
        &mut self,
        target: &Target,
        hash: Option<&str>,
    ) -> Result<(RepoPath, Slot, std::ops::Range<usize>), Fault> {
        let symbol = match target {
            Target::Path(raw) => {
                let path = self.path(raw)?;
                let slot = self.slot(&path)?;
                let content = &slot.file.as_ref().ok_or(Reason::Missing)?.bytes;
                check_hash(content, hash)?;
                let whole = 0..content.len();
                return Ok((path, slot, whole));
            }
            Target::Symbol(symbol) => symbol,
        };
        let found = self
            .context
            .symbols
            .resolve(symbol)
            .map_err(|fault| match fault {
                SymbolFault::Unknown => Reason::UnknownSymbol,
                SymbolFault::Ambiguous(names) => Reason::AmbiguousSymbol(names),
            })?;
        self.path(found.path.as_bytes())?;
        let base = slot_in(&Tree::new(self.context.base), &found.path)?;
        let base = base.file.ok_or(Reason::Missing)?.bytes;
        let text = base.get(found.span.clone()).ok_or(Reason::StaleSymbol)?;
        if content_hash(text) != found.hash {
            return Err(Reason::StaleSymbol.into());
        }
        check_hash(text, hash)?;
        let now = self.tree.whereabouts(&found.path);
        let path = self.path(now.as_bytes())?;
        let slot = self.slot(&path)?;
        let length = slot.file.as_ref().ok_or(Reason::Missing)?.bytes.len();
        let span = slot
            .now(&found.span)
            .filter(|span| span.end <= length)
            .ok_or(Reason::SymbolCut)?;
        Ok((path, slot, span))
    }

    pub(super) fn path(&self, raw: &[u8]) -> Result<RepoPath, Fault> {
        let danger = |danger| Fault::Danger(raw.to_vec(), danger);
        let path = RepoPath::new(raw).map_err(|fault| danger(fault.into()))?;
        if self.protected.covers(&path) {
            return Err(danger(Danger::Protected));
        }
        Ok(path)
    }

    pub(super) fn slot(&self, path: &RepoPath) -> Result<Slot, Fault> {
        slot_in(&self.tree, path)
    }

    pub(super) fn note(&mut self, path: &RepoPath, input_line: usize, what: Option<Tolerated>) {
        self.findings.notes.extend(what.map(|what| Note {
            path: path.clone(),
            input_line,
            what,
        }));
    }
}

pub(super) fn slot_in(tree: &Tree<'_>, path: &RepoPath) -> Result<Slot, Fault> {
    let slot = tree
        .slot(path)
        .map_err(PatchError::io(format!("read `{path}`")));
    slot.map_err(Fault::Failed)?
        .map_err(|danger| Fault::Danger(path.as_bytes().to_vec(), danger))
}

fn text_of(slot: &Slot) -> Result<std::sync::Arc<[u8]>, Fault> {
    let content = &slot.file.as_ref().ok_or(Reason::Missing)?.bytes;
    match lines::not_text(content) {
        Some(why) => Err(Reason::NotText(why).into()),
        None => Ok(content.clone()),
    }
}

pub(super) fn mode_of(path: &[u8], bits: u32) -> Result<FileMode, Fault> {
    // The records write `755` for what Git writes as `100755`.
    let bits = if bits <= 0o7777 {
        bits | 0o100_000
    } else {
        bits
    };
    if bits & 0o777_000 != 0o100_000 {
        return Err(Fault::Danger(path.to_vec(), Danger::Mode(bits)));
    }
    Ok(if bits & 0o100 == 0 {
        FileMode::Regular
    } else {
        FileMode::Executable
    })
}

fn check_hash(content: &[u8], wanted: Option<&str>) -> Result<(), Reason> {
    let Some(wanted) = wanted else { return Ok(()) };
    let found = content_hash(content);
    let same = wanted.len() >= 7 && found.starts_with(&wanted.to_ascii_lowercase());
    if same {
        Ok(())
    } else {
        Err(Reason::HashDiffers {
            wanted: wanted.into(),
            found,
        })
    }
}

fn rejection(edit: &Edit, bad: BadHunk) -> Rejection {
    let numbered = match &edit.action {
        Action::Diff(file) => file.hunks.get(bad.index).map(|hunk| hunk.line),
        Action::Chunks { chunks, .. } => chunks.get(bad.index).map(|chunk| chunk.line),
        _ => None,
    };
    Rejection {
        path: match &edit.target {
            Target::Path(path) => path.clone(),
            Target::Symbol(symbol) => symbol.clone().into_bytes(),
        },
        form: edit.form,
        input_line: numbered.unwrap_or(edit.line),
        hunk: numbered.map(|_| bad.index + 1),
        reason: bad.reason,
        nearest: bad.nearest,
    }
}
