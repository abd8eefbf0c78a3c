//! Search: names, words, meaning and structure, fused by rank.
//!
//! Each signal ranks symbols and gives each a share, half by its rank and half by
//! its score beside the best; a symbol's score is the weighted sum of its shares,
//! times a prior that says how likely a place is to be meant at all.
//! `recipe.rs` holds the constants, `docs/search.md` how they were chosen.

mod filter;
mod group;
mod names;
mod prior;
mod recipe;
mod structure;
mod subject;
mod terms;

pub use recipe::Recipe;

use rustc_hash::FxHashMap;

use super::names::symbol;
use crate::index::Snapshot;
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
/// What puts a symbol that the query is the name of before all others.
const LEAD: f32 = 10.0;

struct Hit {
    node: u32,
    score: f32,
    /// The query is its name, and nothing else.
    exact: bool,
    shares: Shares,
}

impl Hit {
    fn lead(&self) -> f32 {
        if self.exact { LEAD } else { 0.0 }
    }
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
    let filter = filter::Filter::new(snapshot, options)?;
    let keep = |node: u32| filter.keep(snapshot, node);
    let on = |signal: &str| !options.without.iter().any(|name| name == signal);
    let recipe = &options.recipe;
    let mut found: FxHashMap<u32, Shares> = FxHashMap::default();
    let mut exact = Vec::new();
    let mut of_file: FxHashMap<u32, f32> = FxHashMap::default();
    match subject {
        Subject::Query(text) => {
            if on("name") {
                let mut named = names::named(snapshot, text)?;
                named.retain(|hit| keep(hit.node));
                exact = named
                    .iter()
                    .filter(|hit| hit.whole)
                    .map(|hit| hit.node)
                    .collect();
                for hit in named.iter().take(DEPTH) {
                    found.entry(hit.node).or_default().named =
                        recipe.name / (recipe.k + hit.rank as f32);
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
                for (node, share) in shares(recipe, near.symbols) {
                    found.entry(node).or_default().meaning = recipe.meaning * share;
                }
                of_file = shares(recipe, near.files).into_iter().collect();
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
        hits.push(Hit {
            node,
            score: sum(&shares) * shares.prior,
            exact: exact.contains(&node),
            shares,
        });
    }
    hits.sort_unstable_by(|one, other| {
        let rank = |hit: &Hit| hit.score + hit.lead();
        let by_score = rank(other).total_cmp(&rank(one));
        by_score.then(one.node.cmp(&other.node))
    });
    let embedder = made_by.to_string();
    match options.group {
        Group::None => hits
            .iter()
            .take(options.limit)
            .enumerate()
            .map(|(at, hit)| {
                record(
                    snapshot,
                    hit,
                    hit.score + hit.lead(),
                    at,
                    Vec::new(),
                    options,
                    &embedder,
                )
            })
            .collect(),
        Group::File => {
            let mut meaning = |file: u32| {
                let share = of_file.get(&file).copied().unwrap_or(0.0);
                let prior = if on("prior") {
                    priors.of_file(file)?
                } else {
                    1.0
                };
                Ok(recipe.file_meaning * share * prior)
            };
            group::by_file(snapshot, &hits, &mut meaning, options, &embedder)
        }
    }
}

fn sum(shares: &Shares) -> f32 {
    shares.named + shares.words + shares.file + shares.meaning + shares.structure
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
