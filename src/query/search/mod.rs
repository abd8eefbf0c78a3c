//! Search: names, words, meaning and structure, fused by rank.
//!
//! Each signal ranks symbols and gives each a share, half by its rank and half by
//! its score beside the best; a symbol's score is the weighted sum of its shares,
//! times a prior that says how likely a place is to be meant at all.
//! `recipe.rs` holds the constants, `docs/search.md` how they were chosen.

mod names;
mod prior;
mod recipe;
mod structure;
mod subject;
mod terms;

pub use recipe::Recipe;

use rustc_hash::FxHashMap;

use super::names::{KINDS, symbol, symbol_text};
use crate::facts::format::def_flag;
use crate::index::Snapshot;
use crate::lang::{DefKind, LANGUAGES};
use crate::record::{Record, Shares, Text};
use crate::vector::{self, Embedder};

/// What is looked for.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A text.
    Query(String),
    /// What is similar to these symbols.
    Like(Vec<u32>),
}

/// How hits are grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Group {
    /// Not at all.
    #[default]
    None,
    /// One hit per file.
    File,
}

/// What to search in, and how to show it.
#[derive(Clone, Debug, Default)]
pub struct SearchOptions {
    /// Kinds, as records name them.
    pub kinds: Vec<String>,
    /// Languages.
    pub languages: Vec<String>,
    /// Files whose path is this, or stands below it.
    pub path: Option<Vec<u8>>,
    /// Only what stands inside one of these symbols.
    pub within: Option<Vec<u32>>,
    /// Whether tests rank like other code.
    pub tests: bool,
    /// Most hits.
    pub limit: usize,
    /// How to group.
    pub group: Group,
    /// Whether to say what each signal gave.
    pub explain: bool,
    /// Signals to leave out, by the names of [`Shares`].
    pub without: Vec<String>,
    /// The constants of the ranking.
    pub recipe: Recipe,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The index failed.
    #[error(transparent)]
    Index(#[from] crate::index::Error),
    /// The embedder failed, or is not the one of the index.
    #[error(transparent)]
    Vector(#[from] vector::Error),
}

/// Hits of a signal that count.
const DEPTH: usize = 200;
/// Files that are hits themselves.
const FILES: usize = 40;
/// Other symbols of a file that a grouped hit shows, and that its score heeds.
const OTHERS: usize = 5;
struct Hit {
    node: u32,
    score: f32,
    shares: Shares,
}

/// The symbols that answer `subject`, best first, as records.
pub fn search(
    snapshot: &Snapshot,
    subject: &Subject,
    options: &SearchOptions,
    embedder: &dyn Embedder,
) -> Result<Vec<Record>, SearchError> {
    let made_by = snapshot.embedder()?;
    if made_by.dims > 0 {
        vector::check_same(embedder.id(), &made_by)?;
    }
    let filter = Filter::new(snapshot, options)?;
    let keep = |node: u32| filter.keep(snapshot, node);
    let on = |signal: &str| !options.without.iter().any(|name| name == signal);
    let recipe = &options.recipe;
    let mut found: FxHashMap<u32, Shares> = FxHashMap::default();
    let mut exact = Vec::new();
    match subject {
        Subject::Query(text) => {
            if on("name") {
                let mut named = names::named(snapshot, text)?;
                named.retain(|hit| keep(hit.0));
                exact = named.iter().filter(|hit| hit.1).map(|hit| hit.0).collect();
                for (rank, hit) in named.iter().take(DEPTH).enumerate() {
                    found.entry(hit.0).or_default().name = recipe.name / (recipe.k + rank as f32);
                }
            }
            let scores = terms::score(snapshot, text, recipe)?;
            if on("words") {
                for (node, share) in shares(recipe, top(&scores.symbols, keep)) {
                    found.entry(node).or_default().words = recipe.words * share;
                }
            }
            if on("meaning") {
                let near = subject::near_text(snapshot, text, embedder, &keep)?;
                for (node, share) in shares(recipe, near) {
                    found.entry(node).or_default().meaning = recipe.meaning * share;
                }
            }
            if on("file") {
                let ranked = shares(recipe, top(&scores.files, |_| true));
                for (file, _) in ranked.iter().take(FILES) {
                    // A file whose text is meant is itself a hit.
                    let node = snapshot.file(*file)?.symbols;
                    if keep(node) {
                        found.entry(node).or_default();
                    }
                }
                let share_of: FxHashMap<u32, f32> = ranked.into_iter().collect();
                for (node, shares) in &mut found {
                    let file = snapshot.symbol(*node)?.file;
                    shares.file = recipe.file * share_of.get(&file).copied().unwrap_or(0.0);
                }
            }
        }
        Subject::Like(nodes) => {
            let near = subject::near_nodes(snapshot, nodes, &keep)?;
            for (node, share) in shares(recipe, near) {
                found.entry(node).or_default().meaning = share;
            }
        }
    }
    let mut priors = prior::Priors::new(snapshot, subject, options)?;
    if on("structure") && matches!(subject, Subject::Query(_)) {
        let base: Vec<(u32, f32)> = found
            .iter()
            .map(|(node, shares)| (*node, sum(shares)))
            .collect();
        for (node, share) in shares(recipe, structure::around(snapshot, base, keep)?) {
            found.entry(node).or_default().structure = recipe.structure * share;
        }
    }
    let mut hits = Vec::with_capacity(found.len());
    for (node, mut shares) in found {
        shares.prior = if on("prior") { priors.of(node)? } else { 1.0 };
        let mut score = sum(&shares) * shares.prior;
        if exact.contains(&node) {
            // The query is its name: whatever else there is comes after it.
            score += 10.0;
        }
        hits.push(Hit {
            node,
            score,
            shares,
        });
    }
    hits.sort_unstable_by(|one, other| {
        other
            .score
            .total_cmp(&one.score)
            .then(one.node.cmp(&other.node))
    });
    let embedder = made_by.to_string();
    match options.group {
        Group::None => hits
            .iter()
            .take(options.limit)
            .enumerate()
            .map(|(at, hit)| record(snapshot, hit, hit.score, at, Vec::new(), options, &embedder))
            .collect(),
        Group::File => by_file(snapshot, &hits, options, &embedder),
    }
}

fn sum(shares: &Shares) -> f32 {
    shares.name + shares.words + shares.file + shares.meaning + shares.structure
}

/// What each place in a ranking gives.
fn shares(recipe: &Recipe, ranked: Vec<(u32, f32)>) -> Vec<(u32, f32)> {
    let best = ranked
        .first()
        .map_or(1.0, |hit| hit.1.max(f32::MIN_POSITIVE));
    ranked
        .into_iter()
        .take(DEPTH)
        .enumerate()
        .map(|(rank, (node, score))| {
            let by_rank = 1.0 / (recipe.k + rank as f32);
            let by_score = score / best / recipe.k;
            (node, by_rank + recipe.raw * (by_score - by_rank))
        })
        .collect()
}

/// The best of `scores`, best first.
fn top(scores: &[(u32, f32)], keep: impl Fn(u32) -> bool) -> Vec<(u32, f32)> {
    let mut best: Vec<(u32, f32)> = scores.iter().copied().filter(|hit| keep(hit.0)).collect();
    let rank =
        |one: &(u32, f32), other: &(u32, f32)| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0));
    if best.len() > DEPTH {
        best.select_nth_unstable_by(DEPTH, rank);
        best.truncate(DEPTH);
    }
    best.sort_unstable_by(rank);
    best
}

fn by_file(
    snapshot: &Snapshot,
    hits: &[Hit],
    options: &SearchOptions,
    embedder: &str,
) -> Result<Vec<Record>, SearchError> {
    let mut files: FxHashMap<u32, Vec<&Hit>> = FxHashMap::default();
    for hit in hits {
        let file = snapshot.symbol(hit.node)?.file;
        files.entry(file).or_default().push(hit);
    }
    let mut groups: Vec<(f32, Vec<&Hit>)> = Vec::with_capacity(files.len());
    for (_, mut list) in files {
        let mut weight = options.recipe.second;
        let mut score = list[0].score;
        for hit in list.iter().skip(1).take(OTHERS) {
            score += weight * hit.score;
            weight /= 2.0;
        }
        // The file itself says least about where to look in it.
        let is_file = |hit: &Hit| {
            Ok::<_, SearchError>(snapshot.symbol(hit.node)?.kind == DefKind::File as u32)
        };
        if list.len() > 1 && is_file(list[0])? {
            list.swap(0, 1);
        }
        groups.push((score, list));
    }
    groups.sort_unstable_by(|one, other| {
        other
            .0
            .total_cmp(&one.0)
            .then(one.1[0].node.cmp(&other.1[0].node))
    });
    groups
        .iter()
        .take(options.limit)
        .enumerate()
        .map(|(at, (score, list))| {
            let others = list[1..]
                .iter()
                .take(OTHERS)
                .map(|hit| Ok(Text(symbol_text(snapshot, hit.node)?)))
                .collect::<Result<_, SearchError>>()?;
            record(snapshot, list[0], *score, at, others, options, embedder)
        })
        .collect()
}

fn record(
    snapshot: &Snapshot,
    hit: &Hit,
    score: f32,
    at: usize,
    others: Vec<Text>,
    options: &SearchOptions,
    embedder: &str,
) -> Result<Record, SearchError> {
    let doc = snapshot.text(snapshot.symbol(hit.node)?.doc)?;
    let first = doc
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    Ok(Record::Hit {
        symbol: symbol(snapshot, hit.node)?,
        rank: at as u32 + 1,
        score,
        doc: (!first.is_empty()).then(|| first.into()),
        others,
        shares: options.explain.then_some(hit.shares),
        embedder: embedder.to_owned(),
    })
}

/// Which symbols may be hits.
struct Filter {
    kinds: Vec<u32>,
    files: Option<Vec<bool>>,
    within: Option<Vec<u32>>,
}

impl Filter {
    fn new(snapshot: &Snapshot, options: &SearchOptions) -> super::Result<Self> {
        let kinds = KINDS
            .iter()
            .filter(|(name, _)| options.kinds.iter().any(|wanted| wanted == name))
            .map(|(_, kind)| *kind as u32)
            .collect();
        let mut files = None;
        if options.path.is_some() || !options.languages.is_empty() {
            let mut kept = Vec::new();
            for file in snapshot.files()? {
                let path = snapshot.text(file.path)?;
                let language = LANGUAGES
                    .get(usize::from(file.language))
                    .map_or("", |spec| spec.name);
                let in_path = options.path.as_ref().is_none_or(|wanted| {
                    let wanted = wanted.strip_suffix(b"/").unwrap_or(wanted);
                    let wanted = wanted.strip_prefix(b"./").unwrap_or(wanted);
                    wanted.is_empty()
                        || wanted == b"."
                        || path
                            .strip_prefix(wanted)
                            .is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
                });
                let in_language = options.languages.is_empty()
                    || options.languages.iter().any(|wanted| wanted == language);
                kept.push(in_path && in_language);
            }
            files = Some(kept);
        }
        Ok(Self {
            kinds,
            files,
            within: options.within.clone(),
        })
    }

    /// Whether a symbol may be a hit. A damaged record may not.
    fn keep(&self, snapshot: &Snapshot, node: u32) -> bool {
        let Ok(record) = snapshot.symbol(node) else {
            return false;
        };
        let kind = self.kinds.is_empty() || self.kinds.contains(&record.kind);
        let file = self
            .files
            .as_ref()
            .is_none_or(|files| files.get(record.file as usize) == Some(&true));
        kind && file
            && record.flags & def_flag::ANONYMOUS == 0
            && (record.kind == DefKind::File as u32 || record.name.len > 0)
            && self
                .within
                .as_ref()
                .is_none_or(|within| is_inside(snapshot, node, within))
    }
}

/// Whether a symbol stands inside one of `within`.
fn is_inside(snapshot: &Snapshot, node: u32, within: &[u32]) -> bool {
    let mut at = node;
    for _ in 0..64 {
        let Ok(record) = snapshot.symbol(at) else {
            return false;
        };
        if at == record.parent {
            return false;
        }
        at = record.parent;
        if within.contains(&at) {
            return true;
        }
    }
    false
}
