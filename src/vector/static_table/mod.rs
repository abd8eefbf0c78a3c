//! The default embedder: a table of word vectors compiled into the binary.
//!
//! A text is the sum of its words' vectors, each weighted by 1 + ln(times it
//! occurs), brought to length 1. The lengths of the rows, which training
//! chose, say how much a word matters. `docs/embedder.md` says how the table
//! was made and from what.

mod table;
mod words;

use std::sync::LazyLock;

pub use table::Table;

use super::{Embedder, EmbedderId, Error};

static BYTES: &[u8] = include_bytes!("table.bin");
/// The hash of the table, written beside it when it is exported; a test compares.
pub static SHA256: &str = include_str!("table.sha256");

/// More of the same word adds no weight.
const MAX_TIMES: u8 = 64;

/// 1 + ln(n), computed once so that a text costs no logarithm.
static WEIGHTS: LazyLock<[f32; MAX_TIMES as usize + 1]> = LazyLock::new(|| {
    let mut weights = [0.0; MAX_TIMES as usize + 1];
    for (times, weight) in weights.iter_mut().enumerate().skip(1) {
        *weight = (1.0 + f64::from(times as u32).ln()) as f32;
    }
    weights
});

/// The embedder that is always there: offline, no key, some microseconds a text.
pub struct StaticEmbedder {
    table: Table<'static>,
    id: EmbedderId,
}

impl StaticEmbedder {
    /// Opens the compiled table.
    pub fn new() -> Result<Self, Error> {
        let table = Table::parse(BYTES)?;
        let id = EmbedderId {
            model: "happy-static-1".to_owned(),
            hash: SHA256.trim().to_owned(),
            dims: table.dims(),
        };
        Ok(Self { table, id })
    }

    /// The bytes of the compiled table.
    pub fn bytes() -> &'static [u8] {
        BYTES
    }

    /// The words of the table that `text` consists of, in order: what the
    /// embedder sees of it.
    pub fn words_of(&self, text: &str) -> Vec<String> {
        let mut seen = Vec::new();
        words::for_each(text, |word| {
            self.table.for_each_piece(word, |id| {
                seen.push(String::from_utf8_lossy(self.table.word(id)).into_owned());
            });
        });
        seen
    }
}

/// What one pass over many texts keeps between them.
struct Scratch {
    times: Vec<u8>,
    seen: Vec<usize>,
}

impl Scratch {
    /// The sum for one text. Words come in the order in which the text has
    /// them first, so that rounding is the same everywhere.
    fn sum(&mut self, table: &Table<'_>, text: &str) -> Vec<f32> {
        words::for_each(text, |word| {
            table.for_each_piece(word, |id| {
                let times = &mut self.times[id];
                if *times == 0 {
                    self.seen.push(id);
                }
                *times = (*times + 1).min(MAX_TIMES);
            });
        });
        let mut sum = vec![0.0_f32; table.dims()];
        for id in self.seen.drain(..) {
            let times = std::mem::take(&mut self.times[id]);
            let weight = WEIGHTS[usize::from(times)] * table.scale(id);
            for (total, &value) in sum.iter_mut().zip(table.row(id)) {
                *total += weight * f32::from(value as i8);
            }
        }
        let norm = sum.iter().map(|x| x * x).sum::<f32>().sqrt();
        if norm > 1e-6 {
            let inverse = 1.0 / norm;
            for x in &mut sum {
                *x *= inverse;
            }
        } else {
            sum.fill(0.0);
        }
        sum
    }
}

impl Embedder for StaticEmbedder {
    fn id(&self) -> &EmbedderId {
        &self.id
    }

    /// One core; a caller with many texts calls it from several threads.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Error> {
        let mut scratch = Scratch {
            times: vec![0; self.table.words()],
            seen: Vec::new(),
        };
        Ok(texts
            .iter()
            .map(|text| scratch.sum(&self.table, text))
            .collect())
    }
}
