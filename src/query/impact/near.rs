//! How much nearer a test is than its chain says: it bears the name of what
//! changed, or of its file, or has the name in it.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::index::Snapshot;
use crate::index::words::word_hash;
use crate::lang::DefKind;
use crate::query::Result;

/// A test that has the name of what changed in it.
const MENTIONS: u32 = 300;
/// A file that has it in it, outside of the test.
const FILE_MENTIONS: u32 = 100;
/// Test files that are named for the changed file.
const SAME_FILE: u32 = 300;
/// A test whose own name tells what changed.
const SAME_NAME: u32 = 200;
/// Paths that have words in common.
const PATH_WORD: u32 = 40;

/// A word that test and change share, times how rare it is: of a name, and of
/// the lines that change.
const NAME_WORD: u32 = 40;
const LINE_WORD: u32 = 15;
/// Shared words count for no more than this together.
const WORDS: u32 = 600;

/// What stands in more places than this tells nothing.
const COMMON: usize = 1000;

/// What the seeds are called, and where they are mentioned.
pub(super) struct Closeness<'s> {
    snapshot: &'s Snapshot,
    mentions: FxHashSet<u32>,
    names: Vec<Vec<Vec<u8>>>,
    paths: FxHashMap<u32, FxHashSet<Vec<u8>>>,
    stems: FxHashSet<Vec<u8>>,
    shared: FxHashMap<u32, u32>,
}

impl<'s> Closeness<'s> {
    pub(super) fn new(snapshot: &'s Snapshot, seeds: &[u32], lines: &[u8]) -> Result<Self> {
        let mut close = Self {
            snapshot,
            mentions: FxHashSet::default(),
            names: Vec::new(),
            paths: FxHashMap::default(),
            stems: FxHashSet::default(),
            shared: FxHashMap::default(),
        };
        for &seed in seeds {
            let record = snapshot.symbol(seed)?;
            let path = snapshot.text(snapshot.file(record.file)?.path)?;
            close.stems.insert(stem(path));
            close
                .paths
                .entry(record.file)
                .or_insert_with(|| words(path).into_iter().collect());
            if record.kind == DefKind::File as u32 {
                continue;
            }
            close.mentions.extend(mentions(snapshot, seed)?);
            let mut told = vec![record.name];
            let holder = snapshot.symbol(record.parent)?;
            if holder.kind != DefKind::File as u32 {
                told.push(holder.name);
            }
            for name in told {
                let name = words(snapshot.text(name)?);
                if !name.is_empty() && !close.names.contains(&name) {
                    close.names.push(name);
                }
            }
        }
        let of_names: FxHashSet<Vec<u8>> = close.names.iter().flatten().cloned().collect();
        for word in words(lines) {
            if !of_names.contains(&word) {
                close.share(&word, LINE_WORD)?;
            }
        }
        for word in of_names {
            close.share(&word, NAME_WORD)?;
        }
        Ok(close)
    }

    /// Counts a word for whatever has it in it, alone or in the plural.
    fn share(&mut self, word: &[u8], weight: u32) -> Result<()> {
        if word.len() < 3 {
            return Ok(());
        }
        let mut forms = vec![word.to_vec(), [word, b"s"].concat(), [word, b"es"].concat()];
        forms.extend(word.strip_suffix(b"s").map(<[u8]>::to_vec));
        let most = self.snapshot.meta().symbols as usize / 10;
        let mut found = FxHashSet::default();
        for form in forms {
            let postings = self.snapshot.postings(word_hash(&form))?;
            found.extend(postings.take(most + 1).map(|posting| posting.symbol));
        }
        if found.is_empty() || found.len() > most {
            return Ok(());
        }
        let rare = (self.snapshot.meta().symbols as usize / found.len()).ilog2();
        for symbol in found {
            *self.shared.entry(symbol).or_insert(0) += weight * rare;
        }
        Ok(())
    }

    /// By how much a test is nearer.
    pub(super) fn of(&self, test: u32) -> Result<u32> {
        let snapshot = self.snapshot;
        let record = snapshot.symbol(test)?;
        let file = snapshot.file(record.file)?;
        let path = snapshot.text(file.path)?;
        let mut nearer = 0;
        if self.mentions.contains(&test) {
            nearer += MENTIONS;
        } else if self.mentions.contains(&file.symbols) {
            nearer += FILE_MENTIONS;
        }
        if self.stems.contains(&stem(path)) {
            nearer += SAME_FILE;
        }
        let of_path = words(path);
        let common = self.paths.values().map(|known| {
            let common: FxHashSet<_> = of_path
                .iter()
                .filter(|word| known.contains(*word))
                .collect();
            common.len() as u32
        });
        nearer += PATH_WORD * common.max().unwrap_or(0).min(5);
        nearer += self.shared.get(&test).copied().unwrap_or(0).min(WORDS);
        let name = words(snapshot.text(record.qualified)?);
        let tells = |known: &Vec<Vec<u8>>| known.iter().all(|word| name.contains(word));
        nearer += SAME_NAME
            * self
                .names
                .iter()
                .filter(|known| tells(known))
                .count()
                .min(2) as u32;
        Ok(nearer)
    }
}

/// The symbols in whose text the name of a symbol stands; none where it is a
/// common word.
pub(super) fn mentions(snapshot: &Snapshot, symbol: u32) -> Result<Vec<u32>> {
    let record = snapshot.symbol(symbol)?;
    let name = snapshot.text(record.name)?.to_ascii_lowercase();
    if name.len() < 3 || record.kind == DefKind::File as u32 {
        return Ok(Vec::new());
    }
    let postings = snapshot.postings(word_hash(&name))?.take(COMMON + 1);
    let found: Vec<u32> = postings.map(|posting| posting.symbol).collect();
    Ok(if found.len() > COMMON {
        Vec::new()
    } else {
        found
    })
}

/// The name of a file without what marks it as a test.
fn stem(path: &[u8]) -> Vec<u8> {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    let stem = name.split(|byte| *byte == b'.').next().unwrap_or(name);
    let mut stem = stem.to_ascii_lowercase();
    for mark in [&b"test_"[..], b"tests_", b"test-"] {
        if let Some(rest) = stem.strip_prefix(mark) {
            stem = rest.to_vec();
        }
    }
    for mark in [&b"_tests"[..], b"_test", b"tests", b"test"] {
        if let Some(rest) = stem.strip_suffix(mark) {
            stem = rest.to_vec();
        }
    }
    while stem.first() == Some(&b'_') {
        stem.remove(0);
    }
    stem
}

/// The words of a name or path, but for those that all tests have.
fn words(text: &[u8]) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    crate::text::words(text, |_, word| {
        let word = word.to_ascii_lowercase();
        let plain = [
            &b"test"[..],
            b"tests",
            b"py",
            b"rs",
            b"go",
            b"js",
            b"ts",
            b"src",
            b"java",
        ];
        if !plain.contains(&&word[..]) && !found.contains(&word) {
            found.push(word);
        }
    });
    found
}
