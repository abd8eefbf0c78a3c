//! From the words and vectors of all files to the sections that search reads.
//!
//! A word is its hash; the table of words is sorted by it. A posting is the
//! distance to the posting before it and how often the word stands in the text
//! of the symbol, in that order, as numbers of seven bits a byte; where the word
//! stands in other fields as well, the lowest bit of the second says so and a
//! third number follows.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::encode::{FileEntry, Sections};
use super::words::{Field, word_hash};
use crate::facts::format::NONE;

/// Bits of the text's field; the others stand above it.
const BODY: u32 = 10;
/// About how many postings are sorted at a time.
const SHARD: usize = 400_000;

struct File<'a> {
    entry: &'a FileEntry<'a>,
    symbol: u32,
    base: Option<usize>,
    path: Vec<(u64, u32)>,
}

/// Adds what search reads to `out`. `symbol_of` maps definitions to symbols;
/// those of the n-th parsed file begin at `def_base[n]`.
pub(super) fn encode(
    entries: &[FileEntry<'_>],
    def_base: &[u32],
    symbol_of: &[u32],
    embedder: &crate::vector::EmbedderId,
    out: &mut Sections,
) {
    let mut unit = 0;
    let files: Vec<File<'_>> = entries
        .iter()
        .zip(&out.files)
        .map(|(entry, record)| {
            let base = entry.facts.is_some().then(|| {
                unit += 1;
                def_base[unit - 1] as usize
            });
            File {
                entry,
                symbol: record.symbols,
                base,
                path: path_words(entry.path),
            }
        })
        .collect();
    out.doc_lengths = vec![0; out.symbols.len()];
    for file in &files {
        file.rest(symbol_of, out);
    }
    out.embedder = format!("{}\0{}\0{}", embedder.model, embedder.hash, embedder.dims).into_bytes();
    let total: usize = files
        .iter()
        .map(|file| file.path.len() + file.entry.words.map_or(0, |words| words.entries.len()))
        .sum();
    let shards = (total.div_ceil(SHARD)).next_power_of_two().clamp(1, 1024);
    let made: Vec<Shard> = (0..shards)
        .into_par_iter()
        .map(|at| shard(&files, symbol_of, at, shards))
        .collect();
    for shard in made {
        let base = out.postings.len() as u32;
        out.terms.extend_from_slice(&shard.terms);
        out.term_ends
            .extend(shard.ends.iter().map(|end| base + end));
        out.postings.extend_from_slice(&shard.bytes);
    }
}

impl File<'_> {
    fn symbol_of(&self, symbol_of: &[u32], def: u32) -> u32 {
        let symbol = self
            .base
            .map_or(NONE, |base| symbol_of[base + def as usize]);
        if symbol == NONE { self.symbol } else { symbol }
    }

    /// Lengths and vectors.
    fn rest(&self, symbol_of: &[u32], out: &mut Sections) {
        let Some(words) = self.entry.words else {
            return;
        };
        for doc in words.docs {
            let symbol = self.symbol_of(symbol_of, doc.def) as usize;
            out.doc_lengths[symbol] = out.doc_lengths[symbol].saturating_add(doc.length);
        }
        out.vector_symbols.extend(
            words
                .vector_defs
                .iter()
                .map(|def| self.symbol_of(symbol_of, *def)),
        );
        out.vector_scales.extend_from_slice(words.scales);
        out.vectors.extend_from_slice(words.codes);
    }
}

/// The words of a path: twice those of the file's stem, once those of folders.
fn path_words(path: &[u8]) -> Vec<(u64, u32)> {
    let name = crate::lang::modules::file_name(path);
    let stem = crate::lang::modules::stem(name);
    let folders = &path[..path.len() - name.len()];
    let mut found: Vec<(u64, u32)> = Vec::new();
    for (text, weight) in [(stem, 2), (folders, 1)] {
        crate::text::words(text, |_, word| found.push((word_hash(word), weight)));
    }
    found.sort_unstable();
    found.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    found
}

#[derive(Default)]
struct Shard {
    terms: Vec<u64>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

fn shard(files: &[File<'_>], symbol_of: &[u32], at: usize, shards: usize) -> Shard {
    let of = |hash: u64| ((u128::from(hash) * shards as u128) >> 64) as usize;
    let range = |words: &super::words::WordsView<'_>| {
        let from = words.terms.partition_point(|term| of(term.hash) < at);
        let to = words.terms.partition_point(|term| of(term.hash) <= at);
        from..to
    };
    // Words are numbered as they are met, and counted; then every posting goes
    // straight to its word's place.
    let mut ids: FxHashMap<u64, u32> = FxHashMap::default();
    let mut terms: Vec<(u64, u32)> = Vec::new();
    let mut met: Vec<u32> = Vec::new();
    let mut meet = |hash: u64, count: u32| {
        let id = *ids.entry(hash).or_insert_with(|| {
            terms.push((hash, 0));
            terms.len() as u32 - 1
        });
        terms[id as usize].1 += count;
        met.push(id);
    };
    for file in files {
        for &(hash, _) in file.path.iter().filter(|(hash, _)| of(*hash) == at) {
            meet(hash, 1);
        }
        let Some(words) = file.entry.words else {
            continue;
        };
        for (hash, entries) in words.runs(range(&words)) {
            meet(hash, entries.len() as u32);
        }
    }
    let mut order: Vec<u32> = (0..terms.len() as u32).collect();
    order.sort_unstable_by_key(|id| terms[*id as usize].0);
    let mut sum = 0;
    let mut places = vec![0; terms.len()];
    for id in &order {
        places[*id as usize] = sum;
        sum += terms[*id as usize].1;
    }
    let mut found = vec![(0_u32, 0_u32); sum as usize];
    let mut met = met.into_iter();
    let mut put = |id: Option<u32>, symbol: u32, times: u32| {
        let Some(id) = id else { return };
        let place: &mut u32 = &mut places[id as usize];
        found[*place as usize] = (symbol, times);
        *place += 1;
    };
    for file in files {
        for &(_, times) in file.path.iter().filter(|(hash, _)| of(*hash) == at) {
            put(met.next(), file.symbol, Field::Path.add(0, times));
        }
        let Some(words) = file.entry.words else {
            continue;
        };
        for (_, entries) in words.runs(range(&words)) {
            let id = met.next();
            for entry in entries {
                let symbol = file.symbol_of(symbol_of, words.docs[entry.doc as usize].def);
                put(id, symbol, entry.times);
            }
        }
    }
    let mut out = Shard::default();
    let mut start = 0;
    for id in order {
        let (hash, count) = terms[id as usize];
        let run = &mut found[start..start + count as usize];
        start += count as usize;
        if !run.is_sorted() {
            run.sort_unstable();
        }
        let mut before = 0;
        for same in run.chunk_by(|one, other| one.0 == other.0) {
            let times = match same {
                [(_, times)] => *times,
                _ => same
                    .iter()
                    .fold(0, |sum, posting| Field::merge(sum, posting.1)),
            };
            number(&mut out.bytes, same[0].0 - before);
            before = same[0].0;
            let rest = times >> BODY;
            number(
                &mut out.bytes,
                (times & ((1 << BODY) - 1)) << 1 | u32::from(rest != 0),
            );
            if rest != 0 {
                number(&mut out.bytes, rest);
            }
        }
        out.terms.push(hash);
        out.ends.push(out.bytes.len() as u32);
    }
    out
}

fn number(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A symbol in which a word stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The symbol.
    pub symbol: u32,
    /// How often in which field, as [`Field::get`] reads it.
    pub times: u32,
}

/// The postings of a word, in the order of their symbols. Ends where the bytes
/// make no sense.
#[derive(Clone, Debug)]
pub struct Postings<'a> {
    bytes: &'a [u8],
    before: u32,
}

impl<'a> Postings<'a> {
    /// Reads a word's part of the section.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, before: 0 }
    }

    fn number(&mut self) -> Option<u32> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let (byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            value |= u32::from(byte & 0x7f).checked_shl(shift)?;
            if *byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

impl Iterator for Postings<'_> {
    type Item = Posting;

    fn next(&mut self) -> Option<Posting> {
        self.before = self.before.checked_add(self.number()?)?;
        let body = self.number()?;
        let rest = if body & 1 == 1 { self.number()? } else { 0 };
        let times = (body >> 1) | rest.checked_shl(BODY)?;
        Some(Posting {
            symbol: self.before,
            times,
        })
    }
}
