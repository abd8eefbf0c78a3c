//! How likely a place is to be meant, whatever the query.

use rustc_hash::FxHashMap;

use super::{Recipe, SearchOptions, Subject};
use crate::index::Snapshot;
use crate::index::records::file_flag;
use crate::index::words::word_hash;
use crate::lang::DefKind;
use crate::lang::modules::{file_name, stem};
use crate::query::Result;
use crate::text::words;

/// Folders and files that stand beside the code itself.
const ASIDES: &[&[u8]] = &[
    b"example",
    b"examples",
    b"sample",
    b"samples",
    b"demo",
    b"demos",
    b"docs",
    b"doc",
    b"docs_src",
    b"doc_src",
    b"bench",
    b"benches",
    b"benchmark",
    b"benchmarks",
    b"fixtures",
    b"scripts",
    b"compat",
    b"legacy",
    b"deprecated",
    b"mock",
    b"mocks",
    b"fuzz",
    b"fuzzing",
];

/// What a kind of symbol is worth.
fn kind(recipe: &Recipe, kind: u32) -> f32 {
    match kind {
        kind if kind == DefKind::Class as u32 || kind == DefKind::Interface as u32 => recipe.class,
        kind if kind == DefKind::Variable as u32 || kind == DefKind::TypeAlias as u32 => {
            recipe.variable
        }
        kind if kind == DefKind::File as u32 => recipe.whole,
        _ => 1.0,
    }
}

/// Priors of symbols.
pub struct Priors<'a> {
    snapshot: &'a Snapshot,
    recipe: &'a Recipe,
    ranks: &'a [f32],
    words: Vec<u64>,
    files: FxHashMap<u32, f32>,
    tests: bool,
    asides: bool,
}

impl<'a> Priors<'a> {
    /// For a subject: one that asks for tests gets them.
    pub fn new(
        snapshot: &'a Snapshot,
        subject: &Subject,
        options: &'a SearchOptions,
    ) -> Result<Self> {
        let text = match subject {
            Subject::Query(text) => text.as_str(),
            Subject::Like(_) => "",
        };
        let asks = |words: &[&str]| {
            text.split(|c: char| !c.is_alphanumeric())
                .any(|word| words.iter().any(|wanted| word.eq_ignore_ascii_case(wanted)))
        };
        Ok(Self {
            snapshot,
            recipe: &options.recipe,
            ranks: snapshot.ranks()?,
            words: super::terms::query_words(text),
            files: FxHashMap::default(),
            tests: options.tests || asks(&["test", "tests", "testing", "spec", "fixture", "mock"]),
            asides: asks(&[
                "example",
                "examples",
                "benchmark",
                "compat",
                "legacy",
                "deprecated",
            ]),
        })
    }

    /// The prior of a symbol.
    pub fn of(&mut self, node: u32) -> Result<f32> {
        let record = self.snapshot.symbol(node)?;
        let rank = self
            .ranks
            .get(node as usize)
            .copied()
            .unwrap_or(1.0)
            .max(0.1);
        let mut prior = kind(self.recipe, record.kind);
        prior *= (1.0 + self.recipe.rank * rank.ln()).clamp(0.8, 1.25);
        if record.kind != DefKind::File as u32 {
            let name = self.snapshot.text(record.name)?;
            prior *= 1.0 + self.recipe.title * self.told(name);
        }
        let known = self.files.get(&record.file).copied();
        let of_file = if let Some(known) = known {
            known
        } else {
            let made = self.file(record.file)?;
            self.files.insert(record.file, made);
            made
        };
        Ok(prior * of_file)
    }

    fn file(&self, at: u32) -> Result<f32> {
        let file = self.snapshot.file(at)?;
        let mut prior = 1.0;
        if file.flags & file_flag::TEST != 0 && !self.tests {
            prior *= self.recipe.test;
        }
        if file.flags & file_flag::VENDORED != 0 {
            prior *= self.recipe.vendored;
        }
        if file.flags & file_flag::GENERATED != 0 {
            prior *= self.recipe.generated;
        }
        let path = self.snapshot.text(file.path)?;
        let aside = path
            .split(|byte| *byte == b'/')
            .map(|part| part.split(|byte| *byte == b'.').next().unwrap_or(part))
            .any(|part| {
                let part = part.trim_ascii().to_ascii_lowercase();
                let bare: &[u8] = part.strip_prefix(b"_").unwrap_or(&part);
                ASIDES.contains(&bare)
            });
        if aside && !self.asides {
            prior *= self.recipe.aside;
        }
        let stem = stem(file_name(path));
        Ok(prior * (1.0 + self.recipe.stem * self.told(stem)))
    }

    /// How much of a name the query tells.
    fn told(&self, name: &[u8]) -> f32 {
        let (mut all, mut told) = (0, 0);
        words(name, |_, word| {
            all += 1;
            told += i32::from(self.words.contains(&word_hash(word)));
        });
        if all == 0 {
            0.0
        } else {
            told as f32 / all as f32
        }
    }
}
