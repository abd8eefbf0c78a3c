//! What a command line may go on with: symbols, revisions, settings.
//!
//! Somebody waits for each key, so nothing is indexed and the working tree is
//! not looked at: the snapshot of HEAD answers, or else the newest there is.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use super::context::{Context, GlobalArgs};
use super::error::Error;
use super::settings::KEYS;
use crate::git::{Repo, exec::Git};
use crate::index::{Segment, Snapshot, snapshot_fingerprint};
use crate::query;

/// Most candidates: more than a person reads.
const MOST: usize = 200;

/// What the word at the cursor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Symbol,
    Revision,
    Setting,
    Nothing,
}

/// Verbs whose words are symbols.
const OF_SYMBOLS: &[&str] = &[
    "callers", "callees", "refs", "deps", "show", "path", "symbols",
];
/// Verbs whose words are revisions.
const OF_REVISIONS: &[&str] = &["index", "impact"];
/// Options whose values are revisions.
const WITH_REVISION: &[&str] = &["--at", "--base", "--affected"];
/// Options of every verb that have a value, which is no verb.
const WITH_VALUE: &[&str] = &[
    "-C",
    "--format",
    "--color",
    "--no-git",
    "--index-dir",
    "--lock-timeout",
    "--jobs",
];

/// Prints the candidates.
pub fn run(context: &Context, line: &OsStr) -> Result<(), Error> {
    let line = line.as_bytes();
    let mut words: Vec<&[u8]> = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .collect();
    let word = match line.last() {
        Some(last) if !last.is_ascii_whitespace() => words.pop().unwrap_or_default(),
        _ => b"".as_slice(),
    };
    let found = if word.starts_with(b"-") {
        Vec::new()
    } else {
        candidates(context, &words, word)?
    };
    let mut text = found.join(&b'\n');
    if !text.is_empty() {
        text.push(b'\n');
    }
    context.output.raw(&text);
    Ok(())
}

fn candidates(context: &Context, words: &[&[u8]], word: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let (asked, globals) = asked(words);
    let context = Context::new(GlobalArgs {
        directory: globals.directory.or_else(|| context.args.directory.clone()),
        index_dir: globals.index_dir.or_else(|| context.args.index_dir.clone()),
        ..GlobalArgs::default()
    });
    match asked {
        Asked::Nothing => Ok(Vec::new()),
        Asked::Setting => {
            let names = KEYS.iter().map(|key| key.name.as_bytes());
            let fits = names.filter(|name| name.starts_with(word));
            Ok(fits.map(<[u8]>::to_vec).collect())
        }
        Asked::Revision => revisions(&context.repo()?, word),
        Asked::Symbol => {
            let repo = context.repo()?;
            match snapshot(&context, &repo)? {
                Some(snapshot) => Ok(query::complete(&snapshot, word, MOST)?),
                None => Ok(Vec::new()),
            }
        }
    }
}

/// What is asked for after these words, and where.
fn asked(words: &[&[u8]]) -> (Asked, GlobalArgs) {
    let mut globals = GlobalArgs::default();
    let text = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
    let words: Vec<String> = words.iter().map(|word| text(word)).collect();
    let mut rest = words.iter().skip(1).peekable();
    // `git happy callers`
    if words.first().is_some_and(|word| word.ends_with("git")) {
        rest.next_if(|word| *word == "happy");
    }
    let mut verb = None;
    while let Some(word) = rest.next() {
        if WITH_VALUE.contains(&word.as_str()) {
            let value = rest.next().map(std::path::PathBuf::from);
            match word.as_str() {
                "-C" => globals.directory = value,
                "--index-dir" => globals.index_dir = value,
                _ => {}
            }
        } else if !word.starts_with('-') && verb.is_none() {
            verb = Some(word.as_str());
        }
    }
    let last = words.last().map(String::as_str).unwrap_or_default();
    let asked = match verb {
        _ if WITH_REVISION.contains(&last) => Asked::Revision,
        Some(verb) if OF_SYMBOLS.contains(&verb) => Asked::Symbol,
        Some(verb) if OF_REVISIONS.contains(&verb) => Asked::Revision,
        Some("config") if last == "config" => Asked::Setting,
        _ => Asked::Nothing,
    };
    (asked, globals)
}

/// Branches and tags; of a range, its end.
fn revisions(repo: &Repo, word: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let dots = word.windows(2).rposition(|pair| pair == b"..");
    let (before, begun) = word.split_at(dots.map_or(0, |at| at + 2));
    let listed = Git::new(repo)
        .args([
            "for-each-ref",
            "--format=%(refname:short)",
            "refs/heads",
            "refs/tags",
            "refs/remotes",
        ])
        .run()?;
    let names = listed.stdout().split(|byte| *byte == b'\n');
    let names = [b"HEAD".as_slice()].into_iter().chain(names);
    let fits = names.filter(|name| !name.is_empty() && name.starts_with(begun));
    Ok(fits
        .map(|name| [before, name].concat())
        .take(MOST)
        .collect())
}

/// The snapshot of HEAD, or else the newest one.
fn snapshot(context: &Context, repo: &Repo) -> Result<Option<Snapshot>, Error> {
    let store = context.store(repo)?;
    let usable = |segment: Segment| {
        let current = segment.identity().fingerprint == snapshot_fingerprint();
        current.then(|| Snapshot::new(segment).ok()).flatten()
    };
    if let Ok(commit) = repo.resolve("HEAD")
        && let Ok(Some(segment)) = store.snapshot(commit.as_bytes())
        && let Some(snapshot) = usable(segment)
    {
        return Ok(Some(snapshot));
    }
    let mut listed = store.snapshots()?;
    listed.extend(store.worktree_states(&super::context::worktree_name(repo))?);
    listed.sort_by_key(|listed| std::cmp::Reverse(listed.modified));
    let io = store.io();
    let mut opened = listed
        .iter()
        .filter_map(|listed| Segment::open(&*io, &listed.path).ok());
    Ok(opened.find_map(usable))
}
