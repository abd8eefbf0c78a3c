//! `happy patch`

use std::path::PathBuf;

use super::bases::{CommitBase, Grammar, Spans, WithBlobs};
use super::context::{AtArgs, Context, variable};
use super::error::Error;
use super::input;
use crate::git::Repo;
use crate::patch::{
    self, Applied, Applier, Base, Edit, GitCheck, NoSymbols, Options, PatchError, Plan,
    SymbolSpans, Target, Worktree,
};
use crate::record::{Record, Text};

/// Apply changes to the working tree
///
/// The input is a unified diff, an `*** Begin Patch` envelope, SEARCH/REPLACE
/// blocks or edit records, in any mixture. All of it applies or nothing is
/// touched; what does not apply is told with the nearest text in the file. A
/// path that leaves the repository, enters `.git` or passes through a symbolic
/// link is refused, and so is a change of hooks, continuous integration or
/// lockfiles without `--allow`. Nothing is staged and nothing is committed.
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct Args {
    /// The patch; `-` or nothing is standard input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Say what would happen, and touch nothing
    #[arg(long)]
    check: bool,
    /// Take the changes back instead of making them
    #[arg(short = 'R', long)]
    reverse: bool,
    /// Print the result as one diff, and touch nothing
    #[arg(long, conflicts_with = "check")]
    stdout: bool,
    /// Merge with what changed since the state that the patch was made for
    #[arg(short = '3', long = "3way")]
    three_way: bool,
    /// The revision that the patch was made for
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// Refuse a patch that adds syntax errors
    #[arg(long)]
    strict: bool,
    /// Allow a protected path that matches
    #[arg(long, value_name = "GLOB")]
    allow: Vec<String>,
    /// Let so many outer context lines of a hunk differ
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    fuzz: usize,
    #[command(flatten)]
    recovery: Recovery,
}

/// What to do about an earlier change.
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
#[group(multiple = false, conflicts_with_all = ["file", "check", "stdout", "reverse"])]
struct Recovery {
    /// Complete a change that was cut short
    #[arg(long)]
    r#continue: bool,
    /// Take a change that was cut short back
    #[arg(long)]
    abort: bool,
    /// Take the last applied change back
    #[arg(long)]
    undo: bool,
    /// Drop the damaged journal of a change that was cut short
    #[arg(long)]
    discard: bool,
}

impl Args {
    fn options(&self) -> Options {
        Options {
            reverse: self.reverse,
            fuzz: self.fuzz,
            three_way: self.three_way,
            strict: self.strict,
            allow: self.allow.clone(),
        }
    }
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    let repo = context.repo()?;
    let worktree = worktree(&repo)?;
    // Each linked worktree has journals of its own.
    let applier = Applier::new(worktree.clone(), &repo.git_dir().join("happy"));
    if let Some(applied) = recover(context, &args.recovery, &applier)? {
        tell_recovered(context, &applied);
        return Ok(());
    }
    let input = input::bytes(context, args.file.as_deref())?;
    let edits = patch::parse(&input).map_err(PatchError::from)?;
    let blobs = WithBlobs::new(&worktree, &repo);
    let planned = plan(
        context,
        &repo,
        args.base.as_deref(),
        &blobs,
        &edits,
        &args.options(),
    );
    let plan = match planned {
        Err(Error::Patch(error)) => {
            tell_fault(context, &error);
            context.output.finish()?;
            return Err(error.into());
        }
        other => other?,
    };
    // Git has the last word on what a valid change is.
    let path = variable("PATH").unwrap_or_default();
    GitCheck::new("git", path).verify(&plan, &worktree, &std::env::temp_dir())?;
    if args.stdout {
        context.output.raw(&plan.diff());
        tell_notes(context, &plan);
        return Ok(());
    }
    let operation = if args.check || plan.changes.is_empty() {
        None
    } else {
        Some(applier.apply(&plan)?.id)
    };
    for record in records(&plan, operation.as_deref()) {
        context.output.emit(&record);
    }
    Ok(())
}

/// The worktree of a repository as a patch takes it.
pub(super) fn worktree(repo: &Repo) -> Result<Worktree, Error> {
    let root = repo
        .work_dir()
        .ok_or_else(|| crate::git::Error::NoWorkTree {
            git_dir: repo.git_dir().to_owned(),
        })?;
    Ok(Worktree::new(root, repo.folds_case()))
}

/// Works out what the edits make of the worktree, or of what changed since a base.
pub(super) fn plan(
    context: &Context,
    repo: &Repo,
    base: Option<&str>,
    worktree: &dyn Base,
    edits: &[Edit],
    options: &Options,
) -> Result<Plan, Error> {
    let commit = match base {
        Some(revision) => Some(CommitBase::new(repo, repo.resolve(revision)?)?),
        None => None,
    };
    let named = edits
        .iter()
        .any(|edit| matches!(edit.target, Target::Symbol(_)));
    let opened = if named {
        let at = AtArgs {
            at: base.map(str::to_owned),
        };
        Some(context.open(&at)?)
    } else {
        None
    };
    let spans = opened.as_ref().map(Spans);
    let symbols: &dyn SymbolSpans = match &spans {
        Some(spans) => spans,
        None => &NoSymbols,
    };
    let against = patch::Context {
        base: commit.as_ref().map_or(worktree, |commit| commit),
        current: commit.as_ref().map(|_| worktree),
        symbols,
        syntax: Some(&Grammar),
    };
    Ok(Plan::new(edits, &against, options)?)
}

fn recover(
    context: &Context,
    recovery: &Recovery,
    applier: &Applier,
) -> Result<Option<(Applied, &'static str)>, Error> {
    Ok(if recovery.r#continue {
        Some((applier.resume()?, "completed"))
    } else if recovery.abort {
        Some((applier.abort()?, "taken_back"))
    } else if recovery.undo {
        Some((applier.undo()?, "undone"))
    } else if recovery.discard {
        let id = applier.discard()?;
        context.warn("the files stay as the interruption left them");
        let nothing = Applied {
            id,
            paths: Vec::new(),
            kept: Vec::new(),
        };
        Some((nothing, "discarded"))
    } else {
        None
    })
}

fn tell_recovered(context: &Context, (applied, action): &(Applied, &'static str)) {
    let text =
        |paths: &[patch::RepoPath]| paths.iter().map(|path| path.as_bytes().into()).collect();
    context.output.emit(&Record::Recovered {
        operation: applied.id.clone(),
        action,
        paths: text(&applied.paths),
        kept: text(&applied.kept),
    });
    for path in &applied.kept {
        context.warn(&format!(
            "`{path}` was changed by somebody else and stays as it is"
        ));
    }
}

/// What a plan does, then what it tolerated.
pub(super) fn records(plan: &Plan, operation: Option<&str>) -> Vec<Record> {
    let changes = plan.changes.iter().map(|change| {
        let (added, removed) = change.line_counts();
        Record::Patched {
            path: change.path.as_bytes().into(),
            from: change.from.as_ref().map(|from| from.as_bytes().into()),
            change: kind(change),
            added,
            removed,
            applied: operation.is_some(),
            operation: operation.map(str::to_owned),
        }
    });
    let notes = plan.notes.iter().map(|note| Record::PatchNote {
        path: note.path.as_bytes().into(),
        input_line: note.input_line,
        note: note.what.to_string(),
    });
    changes.chain(notes).chain(syntax(&plan.syntax)).collect()
}

fn syntax(changes: &[patch::SyntaxChange]) -> impl Iterator<Item = Record> {
    changes.iter().map(|change| Record::SyntaxErrors {
        path: change.path.as_bytes().into(),
        before: change.before,
        after: change.after,
    })
}

fn kind(change: &patch::Change) -> &'static str {
    match (&change.before, &change.after) {
        (None, _) => "added",
        (_, None) => "deleted",
        _ if change.from.is_some() => "renamed",
        (Some(before), Some(after)) if before.bytes == after.bytes => "mode",
        _ => "modified",
    }
}

fn tell_notes(context: &Context, plan: &Plan) {
    for note in &plan.notes {
        context.warn(&format!("`{}`: {}", note.path, note.what));
    }
    for change in &plan.syntax {
        let (before, after) = (change.before, change.after);
        context.warn(&format!(
            "`{}` has {after} syntax errors, {before} before",
            change.path
        ));
    }
}

/// Every reason as a record of its own, before the error that sums them up.
pub(super) fn tell_fault(context: &Context, error: &PatchError) {
    match error {
        PatchError::Rejected(all) => {
            for rejection in all {
                context.output.emit(&Record::Rejection {
                    path: rejection.path.as_slice().into(),
                    form: rejection.form.name(),
                    input_line: rejection.input_line,
                    hunk: rejection.hunk,
                    reason: rejection.reason.to_string(),
                    nearest_line: rejection.nearest.as_ref().map(|nearest| nearest.line),
                    nearest: rejection
                        .nearest
                        .as_ref()
                        .map(|nearest| Text(nearest.text.clone())),
                });
            }
        }
        PatchError::Refused(all) => {
            for refusal in all {
                context.output.emit(&Record::Refusal {
                    path: refusal.path.as_slice().into(),
                    input_line: refusal.input_line,
                    reason: refusal.danger.to_string(),
                });
            }
        }
        PatchError::Syntax(all) => {
            for record in syntax(all) {
                context.output.emit(&record);
            }
        }
        _ => {}
    }
}
