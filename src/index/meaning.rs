//! Vectors from an embedder that costs something: counted first, taken from what
//! was paid for before, and the rest asked for group by group.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::build::BuildError;
use super::vectors::{Row, VectorCache, chunk_hash};
use super::words::WordsView;
use super::{Error, Store};
use crate::facts::View;
use crate::vector::quantise::quantise;
use crate::vector::{Embedder, Error as VectorError, endpoint};

/// What is about to be paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    /// Chunks of text in all.
    pub chunks: usize,
    /// Those among them whose vectors are here.
    pub cached: usize,
    /// Different texts that are asked for.
    pub texts: usize,
    /// About how many tokens these have.
    pub tokens: usize,
}

/// An embedder that costs something, and who hears of it.
pub trait Meaning: Sync {
    /// The embedder.
    fn embedder(&self) -> &dyn Embedder;
    /// The bill, before anything is asked for.
    fn begin(&self, bill: Bill);
    /// So many texts more are embedded.
    fn embedded(&self, texts: usize);
    /// All are.
    fn end(&self);
}

/// The vectors of a file, in place of those in its facts.
#[derive(Default)]
pub(super) struct Own {
    defs: Vec<u32>,
    scales: Vec<f32>,
    codes: Vec<i8>,
}

impl Own {
    /// The same words with these vectors.
    pub(super) fn of<'a>(&'a self, words: WordsView<'a>) -> WordsView<'a> {
        WordsView {
            vector_defs: &self.defs,
            scales: &self.scales,
            codes: &self.codes,
            ..words
        }
    }
}

/// A file whose chunks get vectors.
pub(super) struct Wanted<'a> {
    pub bytes: Box<dyn Fn() -> Option<Vec<u8>> + Sync + Send + 'a>,
    pub facts: View<'a>,
}

struct Chunks {
    defs: Vec<u32>,
    hashes: Vec<u128>,
}

/// The vectors of all files, in their order; nothing for a file without facts.
pub(super) fn vectors(
    files: &[Option<Wanted<'_>>],
    store: &Store,
    meaning: &dyn Meaning,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<Option<Own>>, BuildError> {
    let embedder = meaning.embedder();
    let mut cache = VectorCache::open(store, embedder.id())?;
    let known = cache.rows();
    let found: Vec<(Chunks, Vec<(u128, String)>)> = files
        .par_iter()
        .map(|file| {
            let (mut hashes, mut missing) = (Vec::new(), Vec::new());
            let read = file.as_ref().and_then(|file| Some((file, (file.bytes)()?)));
            let Some((file, bytes)) = read else {
                return (
                    Chunks {
                        defs: Vec::new(),
                        hashes,
                    },
                    missing,
                );
            };
            let (defs, texts) = super::words::texts(&bytes, &file.facts);
            for text in texts {
                let hash = chunk_hash(&text);
                hashes.push(hash);
                if !known.contains_key(&hash) {
                    missing.push((hash, text));
                }
            }
            (Chunks { defs, hashes }, missing)
        })
        .collect();
    let (mut bill, mut seen) = (Bill::default(), FxHashMap::default());
    let mut texts: Vec<(u128, String)> = Vec::new();
    let mut chunks = Vec::with_capacity(found.len());
    for (own, missing) in found {
        bill.chunks += own.hashes.len();
        bill.cached += own.hashes.len() - missing.len();
        for (hash, text) in missing {
            if seen.insert(hash, ()).is_none() {
                bill.tokens += endpoint::tokens(&text);
                texts.push((hash, text));
            }
        }
        chunks.push(own);
    }
    bill.texts = texts.len();
    if bill.texts > 0 {
        meaning.begin(bill);
        let input: Vec<&str> = texts.iter().map(|(_, text)| text.as_str()).collect();
        let mut failed = None;
        let asked = embedder.embed_each(&input, &mut |start, made| {
            let part = texts.get(start..start + made.len()).unwrap_or_default();
            let rows = rows(part, &made, embedder.id().dims)?;
            meaning.embedded(rows.len());
            cache.add(rows).map_err(|error| {
                failed = Some(error);
                VectorError::Endpoint("they cannot be kept".to_owned())
            })
        });
        meaning.end();
        if let Some(error) = failed {
            return Err(error.into());
        }
        if is_cancelled() {
            return Err(BuildError::Cancelled);
        }
        asked?;
    }
    let lost = || Error::corrupt(store.root(), "a vector is gone that was just written");
    files
        .iter()
        .zip(chunks)
        .map(|(file, chunks)| {
            if file.is_none() {
                return Ok(None);
            }
            let mut own = Own {
                defs: chunks.defs,
                ..Own::default()
            };
            for hash in chunks.hashes {
                let row = cache.get(hash).ok_or_else(lost)?;
                own.scales.push(row.scale);
                own.codes.extend_from_slice(&row.codes);
            }
            Ok(Some(own))
        })
        .collect()
}

fn rows(
    group: &[(u128, String)],
    made: &[Vec<f32>],
    dims: usize,
) -> Result<Vec<(u128, Row)>, VectorError> {
    if made.len() != group.len() {
        return Err(VectorError::Length {
            expected: group.len(),
            found: made.len(),
        });
    }
    group
        .iter()
        .zip(made)
        .enumerate()
        .map(|(at, ((hash, _), vector))| {
            if vector.len() != dims {
                return Err(VectorError::Length {
                    expected: dims,
                    found: vector.len(),
                });
            }
            if vector.iter().any(|x| !x.is_finite()) {
                return Err(VectorError::NotFinite(at));
            }
            let mut codes = vec![0; dims].into_boxed_slice();
            let scale = quantise(vector, &mut codes);
            Ok((*hash, Row { scale, codes }))
        })
        .collect()
}
