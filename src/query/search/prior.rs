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

/// Platforms that fewer people mean, as paths name them.
const PLATFORMS: &[&str] = &[
    "win", "windows", "win32", "win64", "msvc", "cygwin", "os390", "zos", "aix", "sunos",
    "solaris", "haiku",
];

/// The version that a folder is named for, such as 4 of `v4`.
fn version(folder: &[u8]) -> Option<u32> {
    let digits = folder.strip_prefix(b"v")?;
    let digits = std::str::from_utf8(digits).ok()?;
    digits.parse().ok().filter(|_| digits.len() <= 3)
}

/// The folders of a path, each with the path of what it stands in.
fn folders(path: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut start = 0;
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    ends.map(move |(at, _)| {
        let found = (&path[..start], &path[start..at]);
        start = at + 1;
        found
    })
}

/// Folders that hold versions, and the newest version of each.
fn newest(snapshot: &Snapshot) -> Result<FxHashMap<Vec<u8>, u32>> {
    let mut found: FxHashMap<Vec<u8>, u32> = FxHashMap::default();
    for file in snapshot.files()? {
        for (around, folder) in folders(snapshot.text(file.path)?) {
            if let Some(version) = version(folder) {
                let newest = found.entry(around.to_vec()).or_default();
                *newest = version.max(*newest);
            }
        }
    }
    Ok(found)
}

/// What a kind of symbol is worth.
fn kind(recipe: &Recipe, kind: u32) -> f32 {
    match kind {
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
    /// Folders that hold versions, and the newest one in them.
    newest: FxHashMap<Vec<u8>, u32>,
    /// Versions that the query names.
    versions: Vec<u32>,
    platforms: bool,
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
            newest: newest(snapshot)?,
            versions: text
                .split(|c: char| !c.is_alphanumeric())
                .filter_map(|word| version(word.to_ascii_lowercase().as_bytes()))
                .collect(),
            platforms: asks(PLATFORMS),
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
        Ok(prior * self.of_file(record.file)?)
    }

    /// The prior of what stands in a file.
    pub fn of_file(&mut self, file: u32) -> Result<f32> {
        if let Some(known) = self.files.get(&file) {
            return Ok(*known);
        }
        let made = self.file(file)?;
        self.files.insert(file, made);
        Ok(made)
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
        let parts = || {
            path.split(|byte| *byte == b'/')
                .map(|part| part.split(|byte| *byte == b'.').next().unwrap_or(part))
        };
        let aside = parts().any(|part| {
            let part = part.trim_ascii().to_ascii_lowercase();
            let bare: &[u8] = part.strip_prefix(b"_").unwrap_or(&part);
            ASIDES.contains(&bare)
        });
        if aside && !self.asides {
            prior *= self.recipe.aside;
        }
        let elsewhere = parts()
            .flat_map(|part| part.split(|byte| matches!(byte, b'_' | b'-')))
            .any(|part| {
                PLATFORMS
                    .iter()
                    .any(|name| part.eq_ignore_ascii_case(name.as_bytes()))
            });
        if elsewhere && !self.platforms {
            prior *= self.recipe.platform;
        }
        if self.is_old(path) {
            prior *= self.recipe.older;
        }
        let stem = stem(file_name(path));
        Ok(prior * (1.0 + self.recipe.stem * self.told(stem)))
    }

    /// Whether a path is that of another version than the one asked for, or than
    /// the newest.
    fn is_old(&self, path: &[u8]) -> bool {
        !self.newest.is_empty()
            && folders(path).any(|(around, folder)| {
                let newest = self.newest.get(around).copied().unwrap_or(0);
                let asked = self.versions.iter().any(|version| *version <= newest);
                version(folder).is_some_and(|found| {
                    if asked {
                        !self.versions.contains(&found)
                    } else {
                        found < newest
                    }
                })
            })
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
