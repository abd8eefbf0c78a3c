//! `happy impact`

use std::collections::{BTreeMap, BTreeSet};

use super::bases::WithBlobs;
use super::context::{AtArgs, Context, Opened};
use super::error::Error;
use super::input;
use crate::git::{Change, Mode, ObjectId, Repo, TreeFile};
use crate::patch::{self, PatchError};
use crate::query::{self, Impact, Lines};
use crate::record::{Record, Text};

/// Show what a change reaches: symbols, who depends on them, tests
///
/// A change is what the working tree has that HEAD has not; or, with a range,
/// what one revision has that another has not; or, with `-`, a patch on
/// standard input in any form that `happy patch` takes. First come the symbols
/// that it touches, then whoever depends on them, nearest first, each with the
/// chain that leads to it. Tests are marked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// `REV..REV`, one revision for what it changed, or `-` for a patch
    #[arg(value_name = "RANGE")]
    range: Option<String>,
    /// Write records, text, or one report for CI
    #[arg(long, value_name = "FORMAT", value_parser = super::output::report_formats())]
    format: Option<super::output::Format>,
    /// Only the tests
    #[arg(long)]
    tests: bool,
    /// With what may depend on it: call sites that only bear a name, the class
    /// or file of a symbol that nobody is seen to use, tests that have its name
    /// in them
    #[arg(long)]
    all: bool,
    /// Only what is no farther from the change: a plain call is 1, a step that
    /// is less sure is more; 0 is no limit
    #[arg(
        long,
        value_name = "DISTANCE",
        default_value_t = 0,
        hide_default_value = true
    )]
    within: u64,
}

/// What a change touches and reaches.
pub(super) struct Reach {
    /// The symbols it touches.
    pub touched: Vec<Record>,
    /// Whoever depends on them.
    pub impacted: Vec<Record>,
    /// Changed files in no language that is known.
    pub other: Vec<Vec<u8>>,
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    context.output.choose(args.format);
    let reach = reach(context, args.range.as_deref(), args.all)?;
    if !args.tests {
        for record in &reach.touched {
            context.output.emit(record);
        }
    }
    for record in &reach.impacted {
        let Record::Impacted { test, distance, .. } = record else {
            continue;
        };
        let near = args.within == 0 || *distance <= args.within as f32;
        let wanted = near && (!args.tests || *test);
        if wanted && !context.output.emit(record) {
            break;
        }
    }
    if !reach.other.is_empty() {
        let shown = reach.other.iter().take(5);
        let names = shown.map(|path| format!("`{}`", String::from_utf8_lossy(path)));
        let count = reach.other.len();
        context.warn(&format!(
            "{count} changed files are not code, and who reads them is not known: {}",
            names.collect::<Vec<_>>().join(", ")
        ));
    }
    Ok(())
}

/// Works out what a range, the working tree or a patch reaches.
pub(super) fn reach(context: &Context, range: Option<&str>, all: bool) -> Result<Reach, Error> {
    let repo = context.repo()?;
    if range == Some("-") {
        return patch_reach(context, &repo, all);
    }
    let (base, new) = if let Some(range) = range {
        let range = repo.resolve_range(range)?;
        (range.base, Some(range.tip))
    } else {
        (repo.resolve("HEAD")?, None)
    };
    let store = context.store(&repo)?;
    let old_side = context.open_commit(&repo, &store, base)?;
    let (new_side, changes) = if let Some(tip) = new {
        let changes = repo.diff_trees(base, tip)?;
        (context.open_commit(&repo, &store, tip)?, changes)
    } else {
        let worktree = repo.worktree()?;
        let changes = against(&repo.files(base)?.files, worktree.files());
        (context.open(&AtArgs::default())?, changes)
    };
    let mut sides = Sides::new(&old_side, &new_side);
    for change in &changes {
        sides.add(change)?;
    }
    sides.finish(all)
}

/// The changes from one list of files to another, both sorted by path.
pub(super) fn against(old: &[TreeFile], new: &[TreeFile]) -> Vec<Change> {
    let olds: BTreeMap<_, _> = old
        .iter()
        .map(|file| (&file.path, (file.mode, file.id)))
        .collect();
    let news: BTreeMap<_, _> = new
        .iter()
        .map(|file| (&file.path, (file.mode, file.id)))
        .collect();
    let paths: BTreeSet<_> = olds.keys().chain(news.keys()).copied().collect();
    let change = |path: &Vec<u8>| {
        let path = path.clone();
        match (olds.get(&path).copied(), news.get(&path).copied()) {
            (old, new) if old == new => None,
            (Some(old), Some(new)) => Some(Change::Modified { path, old, new }),
            (Some(old), None) => Some(Change::Deleted { path, old }),
            (None, Some(new)) => Some(Change::Added { path, new }),
            (None, None) => None,
        }
    };
    paths.into_iter().filter_map(change).collect()
}

/// The symbols that are touched, by their names on either side.
struct Sides<'a> {
    old: &'a Opened,
    new: &'a Opened,
    gone: BTreeSet<u32>,
    here: BTreeMap<u32, &'static str>,
    /// The lines that go and come.
    lines: Vec<u8>,
    other: Vec<Vec<u8>>,
}

impl<'a> Sides<'a> {
    fn new(old: &'a Opened, new: &'a Opened) -> Self {
        Self {
            old,
            new,
            gone: BTreeSet::new(),
            here: BTreeMap::new(),
            lines: Vec::new(),
            other: Vec::new(),
        }
    }

    fn add(&mut self, change: &Change) -> Result<(), Error> {
        let file = |side: &(Mode, ObjectId)| matches!(side.0, Mode::File | Mode::Executable);
        let path = change.path();
        let (was, is) = match change {
            Change::Added { new, .. } => (false, file(new)),
            Change::Deleted { old, .. } => (file(old), false),
            Change::Modified { old, new, .. } if old.1 == new.1 => return Ok(()),
            Change::Modified { old, new, .. } => (file(old), file(new)),
        };
        let before = if was { content(self.old, path)? } else { None };
        let after = if is { content(self.new, path)? } else { None };
        if before.is_none() && after.is_none() {
            if was || is {
                self.other.push(path.to_vec());
            }
            return Ok(());
        }
        let before = before.as_deref().unwrap_or_default();
        let after = after.as_deref().unwrap_or_default();
        let (old, new) = changed_lines(before, after);
        self.keep(before, &old);
        self.keep(after, &new);
        self.touch(path, &old, &new)
    }

    /// Keeps the text of single lines, as much as says what a change is about.
    fn keep(&mut self, bytes: &[u8], lines: &[Lines]) {
        const MOST: usize = 64 << 10;
        let all: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        for (line, _) in lines {
            let text = all.get(*line as usize - 1).copied().unwrap_or_default();
            if self.lines.len() + text.len() > MOST {
                return;
            }
            self.lines.extend_from_slice(text);
        }
    }

    fn touch(&mut self, path: &[u8], old: &[Lines], new: &[Lines]) -> Result<(), Error> {
        for node in query::touched(&self.new.snapshot, path, new)? {
            let text = query::symbol_text(&self.new.snapshot, node)?;
            let known = !query::named(&self.old.snapshot, &text)?.is_empty();
            self.here
                .insert(node, if known { "modified" } else { "added" });
        }
        for node in query::touched(&self.old.snapshot, path, old)? {
            let text = query::symbol_text(&self.old.snapshot, node)?;
            let still = query::named(&self.new.snapshot, &text)?;
            if still.is_empty() {
                self.gone.insert(node);
            }
            for node in still {
                self.here.entry(node).or_insert("modified");
            }
        }
        Ok(())
    }

    fn finish(self, all: bool) -> Result<Reach, Error> {
        let mut touched = Vec::new();
        for (&node, &change) in &self.here {
            let symbol = query::symbol(&self.new.snapshot, node)?;
            touched.push(Record::Touched { symbol, change });
        }
        for &node in &self.gone {
            let symbol = query::symbol(&self.old.snapshot, node)?;
            touched.push(Record::Touched {
                symbol,
                change: "deleted",
            });
        }
        let seeds: Vec<u32> = self.here.keys().copied().collect();
        let mut impacted = Vec::new();
        let mut seen: BTreeSet<Text> = BTreeSet::new();
        let reached = Impact::of_lines(&self.new.snapshot, &seeds, &self.lines, all)?;
        reached.records(|record| {
            if let Record::Impacted { symbol, .. } = &record {
                seen.insert(symbol.symbol.clone());
            }
            impacted.push(record);
            true
        })?;
        // Whoever depended on what is gone, if it is still there itself.
        let gone: Vec<u32> = self.gone.iter().copied().collect();
        let mut orphans = Vec::new();
        let reached = Impact::of_lines(&self.old.snapshot, &gone, &self.lines, all)?;
        reached.records(|record| {
            orphans.push(record);
            true
        })?;
        for record in orphans {
            let Record::Impacted { symbol, .. } = &record else {
                continue;
            };
            if !seen.contains(&symbol.symbol)
                && !query::named(&self.new.snapshot, &symbol.symbol.0)?.is_empty()
            {
                impacted.push(record);
            }
        }
        Ok(Reach {
            touched,
            impacted,
            other: self.other,
        })
    }
}

/// The bytes of a file that a snapshot knows.
fn content(side: &Opened, path: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    match query::file_at(&side.snapshot, path)? {
        Some(file) => Ok(Some(side.read(file)?)),
        None => Ok(None),
    }
}

/// The lines that go and the lines that come, blank ones left out at the edges.
fn changed_lines(old: &[u8], new: &[u8]) -> (Vec<Lines>, Vec<Lines>) {
    let olds: Vec<&[u8]> = old.split_inclusive(|byte| *byte == b'\n').collect();
    let news: Vec<&[u8]> = new.split_inclusive(|byte| *byte == b'\n').collect();
    let ops = similar::capture_diff_slices(similar::Algorithm::Myers, &olds, &news);
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for op in ops {
        if op.tag() == similar::DiffTag::Equal {
            continue;
        }
        gone.extend(filled(&olds, op.old_range()));
        come.extend(filled(&news, op.new_range()));
    }
    (gone, come)
}

/// Single lines of a range that are not blank.
fn filled(lines: &[&[u8]], range: std::ops::Range<usize>) -> Vec<Lines> {
    range
        .filter(|at| !lines[*at].trim_ascii().is_empty())
        .map(|at| (at as u32 + 1, at as u32 + 1))
        .collect()
}

/// A patch that is not applied: what it touches in the working tree as it is.
fn patch_reach(context: &Context, repo: &Repo, all: bool) -> Result<Reach, Error> {
    let input = input::bytes(context, None)?;
    let edits = patch::parse(&input).map_err(PatchError::from)?;
    let worktree = super::patch::worktree(repo)?;
    let base = WithBlobs::new(&worktree, repo);
    let options = patch::Options::default();
    let plan = super::patch::plan(context, repo, None, &base, &edits, &options)?;
    let opened = context.open(&AtArgs::default())?;
    plan_reach(&opened, &plan, all)
}

/// What a plan for the working tree touches and reaches in it.
pub(super) fn plan_reach(opened: &Opened, plan: &patch::Plan, all: bool) -> Result<Reach, Error> {
    let mut sides = Sides::new(opened, opened);
    for change in &plan.changes {
        let path = change.from.as_ref().unwrap_or(&change.path).as_bytes();
        let bytes = |file: &Option<patch::File>| {
            file.as_ref()
                .map(|file| file.bytes.to_vec())
                .unwrap_or_default()
        };
        if query::file_at(&opened.snapshot, path)?.is_none() {
            if change.before.is_some() {
                sides.other.push(path.to_vec());
            }
            continue;
        }
        let after = if change.from.is_some() {
            Vec::new()
        } else {
            bytes(&change.after)
        };
        let (mut old, new) = changed_lines(&bytes(&change.before), &after);
        sides.keep(&bytes(&change.before), &old);
        sides.keep(&after, &new);
        old.extend(insertions(&bytes(&change.before), &after));
        sides.touch(path, &old, &[])?;
    }
    sides.finish(all)
}

/// Where lines are put in and none go: the old line before.
fn insertions(old: &[u8], new: &[u8]) -> Vec<Lines> {
    let olds: Vec<&[u8]> = old.split_inclusive(|byte| *byte == b'\n').collect();
    let news: Vec<&[u8]> = new.split_inclusive(|byte| *byte == b'\n').collect();
    let ops = similar::capture_diff_slices(similar::Algorithm::Myers, &olds, &news);
    ops.iter()
        .filter(|op| op.tag() == similar::DiffTag::Insert && op.old_range().start > 0)
        .map(|op| (op.old_range().start as u32, op.old_range().start as u32))
        .collect()
}
