//! From edits to a plan: what every touched file holds before and afterwards. Nothing
//! is written here, and a plan exists only where every edit applies.

use super::base::{Base, Cached, File};
use super::carry::Carrier;
use super::edit::Edit;
use super::error::PatchError;
use super::protect::Protected;
use super::report::{Note, SyntaxChange};
use super::settle;
use super::symbol::{SymbolSpans, SyntaxCheck};
use super::{RepoPath, reverse};

/// How a patch is to be taken.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Take the edits back instead of making them.
    pub reverse: bool,
    /// How many outer context lines of a hunk may differ.
    pub fuzz: usize,
    /// Merge with what changed since the base, instead of rejecting.
    pub three_way: bool,
    /// Refuse a patch that adds syntax errors.
    pub strict: bool,
    /// Patterns of paths that may be changed although they are protected, and that may
    /// gain invisible or direction-changing characters.
    pub allow: Vec<String>,
}

/// What a patch is planned against.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The state that the edits were written for.
    pub base: &'a dyn Base,
    /// The state that they are to be applied to, where it is another.
    pub current: Option<&'a dyn Base>,
    /// Resolves symbols in the base.
    pub symbols: &'a dyn SymbolSpans,
    /// Counts syntax errors, where that is wanted.
    pub syntax: Option<&'a dyn SyntaxCheck>,
}

/// What becomes of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its path afterwards; before, if it is deleted.
    pub path: RepoPath,
    /// Its path before, if it moves.
    pub from: Option<RepoPath>,
    /// What it holds before; `None` if it is new.
    pub before: Option<File>,
    /// What it holds afterwards; `None` if it is deleted.
    pub after: Option<File>,
}

/// What becomes of all files, in the order of their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The files that change.
    pub changes: Vec<Change>,
    /// What was tolerated.
    pub notes: Vec<Note>,
    /// Files that end up with more syntax errors than before.
    pub syntax: Vec<SyntaxChange>,
}

impl Plan {
    /// Works out what the edits make of the files. All rejections are collected; what
    /// is dangerous is reported first, and alone.
    pub fn new(
        edits: &[Edit],
        context: &Context<'_>,
        options: &Options,
    ) -> Result<Self, PatchError> {
        let protected = Protected::new(&options.allow)?;
        let turned;
        let edits = if options.reverse {
            turned = reverse::reversed(edits).map_err(PatchError::Rejected)?;
            &turned
        } else {
            edits
        };
        let base = Cached::new(context.base);
        let current = context.current.map(Cached::new);
        let context = &Context {
            base: &base,
            current: current.as_ref().map(|current| current as &dyn Base),
            ..*context
        };
        let mut carrier = Carrier::new(context, options, &protected);
        for group in groups(edits) {
            carrier.carry_group(group)?;
        }
        let (tree, mut findings) = carrier.finish();
        let settled = settle::settle(&tree, context.current, options, &protected, &mut findings)?;
        if !findings.refusals.is_empty() {
            return Err(PatchError::Refused(findings.refusals));
        }
        if !findings.rejections.is_empty() {
            return Err(PatchError::Rejected(findings.rejections));
        }
        let plan = Self {
            syntax: syntax(&settled, context.syntax),
            changes: settled,
            notes: findings.notes,
        };
        if options.strict && !plan.syntax.is_empty() {
            return Err(PatchError::Syntax(plan.syntax));
        }
        Ok(plan)
    }

    /// The plan that takes this one back.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let turn = |change: &Change| {
            let path = change.from.clone().unwrap_or_else(|| change.path.clone());
            Change {
                from: change.from.as_ref().map(|_| change.path.clone()),
                path,
                before: change.after.clone(),
                after: change.before.clone(),
            }
        };
        let mut changes: Vec<_> = self.changes.iter().map(turn).collect();
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        Self {
            changes,
            notes: Vec::new(),
            syntax: Vec::new(),
        }
    }

    /// Every path that the plan writes or removes, with what it holds before and
    /// afterwards.
    pub fn paths(&self) -> Vec<(RepoPath, Option<File>, Option<File>)> {
        let mut paths = Vec::new();
        for change in &self.changes {
            match &change.from {
                Some(from) => {
                    paths.push((from.clone(), change.before.clone(), None));
                    paths.push((change.path.clone(), None, change.after.clone()));
                }
                None => paths.push((
                    change.path.clone(),
                    change.before.clone(),
                    change.after.clone(),
                )),
            }
        }
        paths.sort_by(|a, b| a.0.cmp(&b.0));
        paths
    }
}

/// The sections of one diff belong together, since Git's renames and copies speak of
/// the tree before all of them; any other edit stands alone.
fn groups(edits: &[Edit]) -> impl Iterator<Item = &[Edit]> {
    use super::edit::Form;
    edits.chunk_by(|a, b| a.form == Form::Unified && b.form == Form::Unified)
}

fn syntax(changes: &[Change], check: Option<&dyn SyntaxCheck>) -> Vec<SyntaxChange> {
    let Some(check) = check else {
        return Vec::new();
    };
    let errors = |path: &RepoPath, file: &Option<File>| {
        file.as_ref()
            .and_then(|file| check.errors(path, &file.bytes))
    };
    changes
        .iter()
        .filter_map(|change| {
            let after = errors(&change.path, &change.after)?;
            let old_path = change.from.as_ref().unwrap_or(&change.path);
            let before = errors(old_path, &change.before).unwrap_or(0);
            (after > before).then(|| SyntaxChange {
                path: change.path.clone(),
                before,
                after,
            })
        })
        .collect()
}
