//! BM25F: words of the query in symbols, and in whole files.

use super::Recipe;
use crate::index::Snapshot;
use crate::index::words::{Field, word_hash};
use crate::query::Result;

/// Words of a query that count; a pasted file has more.
const MAX_WORDS: usize = 64;

/// English words that say nothing of code.
const STOP: &[&str] = &[
    "the",
    "is",
    "are",
    "was",
    "be",
    "been",
    "of",
    "to",
    "in",
    "on",
    "at",
    "an",
    "and",
    "or",
    "for",
    "with",
    "by",
    "from",
    "how",
    "does",
    "do",
    "did",
    "what",
    "where",
    "which",
    "when",
    "who",
    "why",
    "that",
    "this",
    "these",
    "those",
    "it",
    "its",
    "as",
    "we",
    "can",
    "into",
    "using",
    "used",
    "code",
    "implement",
    "implementation",
    "implemented",
    "work",
    "works",
    "happen",
    "happens",
    "there",
    "has",
    "have",
    "their",
    "they",
    "about",
];

/// Scores of the words.
pub struct Scores {
    /// Symbols with their scores, in order.
    pub symbols: Vec<(u32, f32)>,
    /// Files with their scores, in order.
    pub files: Vec<(u32, f32)>,
}

/// The distinct words of a query, without those that say nothing where others
/// are left.
pub fn query_words(text: &str) -> Vec<u64> {
    let mut stop: Vec<u64> = Vec::new();
    for word in STOP {
        crate::text::words(word.as_bytes(), |_, word| stop.push(word_hash(word)));
    }
    let (mut kept, mut all) = (Vec::new(), Vec::new());
    crate::text::words(text.as_bytes(), |_, word| {
        let hash = word_hash(word);
        if all.len() < MAX_WORDS && !all.contains(&hash) {
            all.push(hash);
            if !stop.contains(&hash) {
                kept.push(hash);
            }
        }
    });
    if kept.is_empty() { all } else { kept }
}

/// Scores every symbol and file in which a word of the query stands.
pub fn score(snapshot: &Snapshot, text: &str, recipe: &Recipe) -> Result<Scores> {
    let weights = [
        (Field::Body, 1.0),
        (Field::Name, recipe.in_name),
        (Field::Container, recipe.in_container),
        (Field::Signature, recipe.in_signature),
        (Field::Doc, recipe.in_doc),
        (Field::Path, recipe.in_path),
    ];
    let lengths = snapshot.doc_lengths()?;
    let files = snapshot.files()?;
    let file_length: Vec<f32> = files
        .iter()
        .map(|file| {
            let range =
                file.symbols as usize..(file.symbols.saturating_add(file.symbols_len)) as usize;
            lengths.get(range).unwrap_or_default().iter().sum::<u32>() as f32
        })
        .collect();
    let total: f32 = file_length.iter().sum();
    let average = total / lengths.len().max(1) as f32 + 1.0;
    let file_average = total / files.len().max(1) as f32 + 1.0;
    let mut symbols = vec![0.0_f32; lengths.len()];
    let mut by_file = vec![0.0_f32; files.len()];
    let norm = |length: f32, average: f32| 1.0 - recipe.b + recipe.b * length / average;
    let idf = |all: usize, with: usize| {
        (1.0 + (all as f32 - with as f32 + 0.5).max(0.0) / (with as f32 + 0.5)).ln()
    };
    let part = |times: f32| times * (recipe.k1 + 1.0) / (recipe.k1 + times);
    for hash in query_words(text) {
        let mut found = Vec::new();
        let mut found_files: Vec<(usize, f32)> = Vec::new();
        let mut file = 0;
        for posting in snapshot.postings(hash)? {
            let symbol = posting.symbol as usize;
            if symbol >= lengths.len() {
                break;
            }
            let times: f32 = weights
                .iter()
                .map(|(field, weight)| weight * field.get(posting.times) as f32)
                .sum();
            found.push((symbol, times));
            while files
                .get(file + 1)
                .is_some_and(|next| next.symbols as usize <= symbol)
            {
                file += 1;
            }
            match found_files.last_mut() {
                Some(last) if last.0 == file => last.1 += times,
                _ => found_files.push((file, times)),
            }
        }
        let weight = idf(lengths.len(), found.len());
        for (symbol, times) in found {
            let norm = norm(lengths[symbol] as f32, average);
            symbols[symbol] += weight * part(times / norm);
        }
        let weight = idf(files.len(), found_files.len());
        for (file, times) in found_files {
            let norm = norm(file_length[file], file_average);
            by_file[file] += weight * part(times / norm);
        }
    }
    let some = |scores: Vec<f32>| {
        scores
            .into_iter()
            .enumerate()
            .filter(|(_, score)| *score > 0.0)
            .map(|(at, score)| (at as u32, score))
            .collect()
    };
    Ok(Scores {
        symbols: some(symbols),
        files: some(by_file),
    })
}
