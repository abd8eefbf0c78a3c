//! From the files of a commit or a working tree to a published snapshot.
//!
//! Facts that some pack has are read from there; the rest is extracted on all
//! threads and becomes one new pack. Then everything is linked and encoded.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::assemble::{Parsed, assemble};
use super::encode::{FileEntry, encode};
use super::meaning::{Meaning, Own, Wanted, vectors};
use super::records::file_flag;
use super::words::{WordsView, gather};
use super::{Error, FactsPacks, Identity, Snapshot, Store, Writer};
use crate::facts::{Gap, View, extract, gate};
use crate::git;
use crate::lang::modules::{Manifest, file_name};
use crate::lang::{detect, language, languages, module_rules};
use crate::vector::{Embedder, StaticEmbedder};

/// Why a file has no symbols beside itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Reason {
    /// It has them.
    Parsed = 0,
    /// Larger than the limit.
    TooLarge = 1,
    /// Not text.
    Binary = 2,
    /// Written by a machine for a machine.
    Minified = 3,
    /// A pointer of Git LFS stands in its place.
    LfsPointer = 4,
    /// Parsing took longer than the deadline.
    Deadline = 5,
    /// Its object is not here, as in a partial clone.
    Missing = 6,
    /// Its object cannot be decoded, or its file cannot be read.
    Unreadable = 7,
    /// The grammar failed, one that a user added.
    Grammar = 8,
}

impl Reason {
    /// The reason of that number.
    pub fn from_number(number: u8) -> Self {
        const ALL: [Reason; 9] = [
            Reason::Parsed,
            Reason::TooLarge,
            Reason::Binary,
            Reason::Minified,
            Reason::LfsPointer,
            Reason::Deadline,
            Reason::Missing,
            Reason::Unreadable,
            Reason::Grammar,
        ];
        ALL.get(usize::from(number))
            .copied()
            .unwrap_or(Reason::Unreadable)
    }

    /// Its name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parsed => "parsed",
            Self::TooLarge => "too_large",
            Self::Binary => "binary",
            Self::Minified => "minified",
            Self::LfsPointer => "lfs_pointer",
            Self::Deadline => "deadline",
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::Grammar => "grammar",
        }
    }
}

/// A file to be indexed.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its path.
    pub path: Vec<u8>,
    /// Its object id.
    pub id: git::ObjectId,
    /// Bits of [`file_flag`] that attributes decide.
    pub flags: u8,
    /// Bits of [`file_flag`] that attributes rule out.
    pub unflags: u8,
}

/// Where the bytes of files come from. Called from many threads.
pub trait Source: Sync {
    /// The bytes of the file at `at`.
    fn read(&self, at: usize) -> Result<Vec<u8>, git::Error>;

    /// The length of the file at `at`, as far as it is known without reading.
    fn len(&self, at: usize) -> Option<u64>;
}

/// Past this size a file is not even read: it would be left out all the same.
const HUGE: u64 = 32 << 20;

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Files are parsed.
    Extract,
    /// Files are linked.
    Link,
    /// The snapshot is written.
    Write,
}

/// Hears how far the work is. Called from many threads.
pub trait Progress: Sync {
    /// A stage begins, with so many files to do.
    fn begin(&self, stage: Stage, files: usize);
    /// A file is done, with so many lines.
    fn file(&self, lines: u64);
    /// Whether to stop.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
    /// The work was stopped.
    #[error("indexing was interrupted")]
    Cancelled,
    /// The embedder failed.
    #[error(transparent)]
    Embedder(#[from] crate::vector::Error),
}

/// Builds snapshots.
pub struct Builder<'a> {
    /// Where packs are.
    pub store: &'a Store,
    /// Longest time to parse one file.
    pub deadline: Duration,
    /// Who hears of progress.
    pub progress: &'a dyn Progress,
    /// Another embedder than the one in the binary, for the vectors of the snapshot.
    pub meaning: Option<&'a dyn Meaning>,
}

/// The facts record of a blob: why it was left out, its lines, its bytes, where
/// its words begin, then its facts, then its words.
const RECORD_HEAD: usize = 16;

pub(super) struct Job<'f> {
    pub(super) at: usize,
    pub(super) file: &'f SourceFile,
    pub(super) language: u8,
}

/// Version of everything that decides what facts of a language are.
pub fn fingerprint(id: u8) -> u64 {
    let Some(spec) = languages().get(usize::from(id)) else {
        return 0;
    };
    let mut text = String::from(spec.name);
    text.push_str(spec.roles());
    if let Some(plugin) = spec.plugin() {
        text.push_str(&plugin.stamp());
    }
    for source in crate::facts::SOURCES {
        text.push_str(source);
    }
    text.push_str(include_str!("words.rs"));
    text.push_str(include_str!("../text.rs"));
    text.push_str(crate::vector::static_table::SHA256);
    xxh3_64(text.as_bytes())
}

/// Version of everything that decides what a snapshot is, given facts.
pub fn snapshot_fingerprint() -> u64 {
    let mut text = String::new();
    for id in 0..languages().len() as u8 {
        text.push_str(&format!("{:x}", fingerprint(id)));
    }
    for source in crate::graph::SOURCES.iter().chain(crate::lang::SOURCES) {
        text.push_str(source);
    }
    text.push_str(include_str!("encode.rs"));
    text.push_str(include_str!("assemble.rs"));
    text.push_str(include_str!("build.rs"));
    text.push_str(include_str!("postings.rs"));
    text.push_str(include_str!("rank.rs"));
    xxh3_64(text.as_bytes())
}

impl Builder<'_> {
    /// Builds the snapshot of `files`, which are in the order of their paths,
    /// and hands its sections to `publish`.
    pub fn build(
        &self,
        files: &[SourceFile],
        source: &dyn Source,
        writer: &Writer<'_>,
        identity: Identity,
        publish: impl FnOnce(&super::SegmentBuilder<'_>) -> Result<Snapshot, Error>,
    ) -> Result<Snapshot, BuildError> {
        let embedder = StaticEmbedder::new()?;
        let (jobs, heads) = Self::jobs(files, source);
        self.progress.begin(Stage::Extract, jobs.len());
        let packs = self.extract(&jobs, source, writer, &embedder)?;
        self.progress.begin(Stage::Link, jobs.len());
        let manifests = manifests(files, source);
        let manifests: Vec<Manifest<'_>> = manifests
            .iter()
            .map(|(path, bytes)| Manifest { path, bytes })
            .collect();
        let mut entries: Vec<FileEntry<'_>> =
            jobs.par_iter().map(|job| entry(job, &packs)).collect();
        let own = self.own_vectors(&jobs, &entries, source)?;
        for (entry, own) in entries.iter_mut().zip(&own) {
            entry.words = match (entry.words, own) {
                (Some(words), Some(own)) => Some(own.of(words)),
                (words, _) => words,
            };
        }
        let parsed: Vec<Parsed<'_>> = entries
            .iter()
            .filter_map(|entry| {
                let facts = entry.facts?;
                Some(Parsed {
                    path: entry.path,
                    language: entry.language,
                    facts,
                })
            })
            .collect();
        let linked = assemble(&parsed, &manifests);
        if self.progress.is_cancelled() {
            return Err(BuildError::Cancelled);
        }
        let id = self
            .meaning
            .map_or(embedder.id(), |meaning| meaning.embedder().id());
        let mut sections = encode(&entries, &linked, heads, id);
        sections.languages = added_languages(&entries);
        self.progress.begin(Stage::Write, 0);
        Ok(publish(&Snapshot::builder(&sections, identity))?)
    }

    /// The vectors of another embedder than the one in the binary, if there is one.
    fn own_vectors(
        &self,
        jobs: &[Job<'_>],
        entries: &[FileEntry<'_>],
        source: &dyn Source,
    ) -> Result<Vec<Option<Own>>, BuildError> {
        let Some(meaning) = self.meaning else {
            return Ok(Vec::new());
        };
        let wanted: Vec<Option<Wanted<'_>>> = jobs
            .iter()
            .zip(entries)
            .map(|(job, entry)| {
                let facts = entry.words.and(entry.facts)?;
                let at = job.at;
                let bytes = Box::new(move || source.read(at).ok());
                Some(Wanted { bytes, facts })
            })
            .collect();
        vectors(&wanted, self.store, meaning, &|| {
            self.progress.is_cancelled()
        })
    }

    /// The files that are in some language, and how many are in none.
    pub(super) fn jobs<'f>(files: &'f [SourceFile], source: &dyn Source) -> (Vec<Job<'f>>, u32) {
        let found: Vec<Option<Job<'f>>> = files
            .par_iter()
            .enumerate()
            .map(|(at, file)| {
                let by_path = detect(&file.path, b"");
                let language = match by_path {
                    Some(id) => Some(id),
                    // Only a file without an ending can be a script.
                    None if !file_name(&file.path).contains(&b'.') && !is_huge(source, at) => {
                        let bytes = source.read(at).ok()?;
                        detect(&file.path, &bytes[..bytes.len().min(256)])
                    }
                    None => None,
                };
                language.map(|language| Job { at, file, language })
            })
            .collect();
        let other = found.iter().filter(|job| job.is_none()).count() as u32;
        (found.into_iter().flatten().collect(), other)
    }

    /// Makes sure that each job's facts are in a pack, and opens the packs.
    fn extract(
        &self,
        jobs: &[Job<'_>],
        source: &dyn Source,
        writer: &Writer<'_>,
        embedder: &dyn Embedder,
    ) -> Result<Packs, BuildError> {
        let mut packs = Packs::open(self.store, jobs)?;
        for id in 0..languages().len() as u8 {
            let missing: Vec<&Job<'_>> = jobs
                .iter()
                .filter(|job| job.language == id && packs.get(job).is_none())
                .collect();
            if missing.is_empty() {
                continue;
            }
            // A grammar that cannot be used leaves its files without facts.
            let Some(lang) = language(id) else { continue };
            let pack = writer.pack(fingerprint(id));
            let lines = AtomicU64::new(0);
            missing
                .par_iter()
                .with_max_len(8)
                .map_init(tree_sitter::Parser::new, |parser, job| {
                    if self.progress.is_cancelled() {
                        return Err(BuildError::Cancelled);
                    }
                    let record = match read_unless_huge(source, job.at) {
                        Ok(None) => head_record(Reason::TooLarge, 0, u32::MAX),
                        Ok(Some(bytes)) => {
                            let done =
                                extract_record(parser, &bytes, lang, self.deadline, embedder)?;
                            // Nor what a grammar failed at.
                            let Some(record) = done else { return Ok(()) };
                            record
                        }
                        // What cannot be read is not remembered: it may be back.
                        Err(_) => return Ok(()),
                    };
                    let count = u64::from(u32::from_le_bytes([
                        record[4], record[5], record[6], record[7],
                    ]));
                    lines.fetch_add(count, Ordering::Relaxed);
                    self.progress.file(count);
                    pack.add(job.file.id.as_bytes(), &record)?;
                    Ok(())
                })
                .collect::<Result<(), BuildError>>()?;
            pack.finish_relaxed()?;
            packs.reopen(self.store, id)?;
        }
        packs.mark_unreadable(jobs, source);
        Ok(packs)
    }
}

/// Names of the added languages that files are in, a line each.
fn added_languages(entries: &[FileEntry<'_>]) -> Vec<u8> {
    let mut used = [false; 256];
    for entry in entries {
        used[usize::from(entry.language)] = true;
    }
    let added = languages().iter().zip(used);
    added
        .filter(|(spec, used)| *used && spec.plugin().is_some())
        .flat_map(|(spec, _)| [spec.name, "\n"])
        .flat_map(str::bytes)
        .collect()
}

fn is_added(language: u8) -> bool {
    let spec = languages().get(usize::from(language));
    spec.is_some_and(|spec| spec.plugin().is_some())
}

fn is_huge(source: &dyn Source, at: usize) -> bool {
    source.len(at).is_some_and(|len| len > HUGE)
}

fn read_unless_huge(source: &dyn Source, at: usize) -> Result<Option<Vec<u8>>, git::Error> {
    if is_huge(source, at) {
        return Ok(None);
    }
    source.read(at).map(Some)
}

/// A facts record without facts.
fn head_record(reason: Reason, lines: u32, bytes: u32) -> Vec<u8> {
    let mut record = Vec::with_capacity(RECORD_HEAD);
    record.extend_from_slice(&(reason as u32).to_le_bytes());
    record.extend_from_slice(&lines.to_le_bytes());
    record.extend_from_slice(&bytes.to_le_bytes());
    record.extend_from_slice(&[0; 4]);
    record
}

fn extract_record(
    parser: &mut tree_sitter::Parser,
    bytes: &[u8],
    lang: &crate::lang::Lang,
    deadline: Duration,
    embedder: &dyn Embedder,
) -> Result<Option<Vec<u8>>, crate::vector::Error> {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u32;
    let mut words = Vec::new();
    let (reason, facts) = match extract(parser, bytes, lang, deadline) {
        Ok(found) => {
            words = gather(bytes, &found.facts.view(), embedder)?;
            (Reason::Parsed, found.facts.to_bytes())
        }
        Err(Gap::Grammar) => return Ok(None),
        Err(Gap::Deadline) => (Reason::Deadline, Vec::new()),
        Err(Gap::Gate(gate::Reason::TooLarge)) => (Reason::TooLarge, Vec::new()),
        Err(Gap::Gate(gate::Reason::Binary)) => (Reason::Binary, Vec::new()),
        Err(Gap::Gate(gate::Reason::Minified)) => (Reason::Minified, Vec::new()),
        Err(Gap::Gate(gate::Reason::LfsPointer)) => (Reason::LfsPointer, Vec::new()),
    };
    let mut record = head_record(reason, lines, bytes.len() as u32);
    record[1] = u8::from(gate::looks_generated(bytes));
    let words_at = (RECORD_HEAD + facts.len()).next_multiple_of(8);
    record[12..16].copy_from_slice(&(words_at as u32).to_le_bytes());
    record.extend_from_slice(&facts);
    record.resize(words_at, 0);
    record.extend_from_slice(&words);
    Ok(Some(record))
}

/// The packs of all languages in use.
pub(super) struct Packs {
    by_language: Vec<Option<FactsPacks>>,
    unreadable: rustc_hash::FxHashMap<usize, Reason>,
}

impl Packs {
    pub(super) fn open(store: &Store, jobs: &[Job<'_>]) -> Result<Self, Error> {
        let mut by_language: Vec<Option<FactsPacks>> = Vec::new();
        by_language.resize_with(languages().len(), || None);
        let mut packs = Self {
            by_language,
            unreadable: rustc_hash::FxHashMap::default(),
        };
        for job in jobs {
            if packs.by_language[usize::from(job.language)].is_none() {
                packs.reopen(store, job.language)?;
            }
        }
        Ok(packs)
    }

    fn reopen(&mut self, store: &Store, id: u8) -> Result<(), Error> {
        self.by_language[usize::from(id)] = Some(store.packs(fingerprint(id))?);
        Ok(())
    }

    fn get(&self, job: &Job<'_>) -> Option<&[u8]> {
        self.by_language[usize::from(job.language)]
            .as_ref()?
            .get(job.file.id.as_bytes())
            .filter(|record| record.len() >= RECORD_HEAD)
    }

    /// Whether anything is known of a file.
    pub(super) fn has(&self, job: &Job<'_>) -> bool {
        self.get(job).is_some()
    }

    /// Finds out why files without facts have none.
    fn mark_unreadable(&mut self, jobs: &[Job<'_>], source: &dyn Source) {
        let gone: Vec<(usize, Reason)> = jobs
            .par_iter()
            .filter(|job| self.get(job).is_none())
            .map(|job| match source.read(job.at) {
                Err(git::Error::MissingObject { .. }) => (job.at, Reason::Missing),
                Ok(_) if is_added(job.language) => (job.at, Reason::Grammar),
                _ => (job.at, Reason::Unreadable),
            })
            .collect();
        self.unreadable.extend(gone);
    }
}

pub(super) fn entry<'a>(job: &Job<'a>, packs: &'a Packs) -> FileEntry<'a> {
    let word = |record: &[u8], at: usize| {
        u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]])
    };
    let path = job.file.path.as_slice();
    let mut flags = default_flags(path);
    let mut found = FileEntry {
        path,
        blob: job.file.id.as_bytes(),
        language: job.language,
        reason: packs
            .unreadable
            .get(&job.at)
            .map_or(0, |reason| *reason as u8),
        flags: 0,
        bytes: 0,
        lines: 0,
        facts: None,
        words: None,
    };
    if let Some(record) = packs.get(job) {
        let head = word(record, 0);
        found.reason = head as u8;
        found.lines = word(record, 4);
        found.bytes = word(record, 8);
        if head & 0x100 != 0 {
            flags |= file_flag::GENERATED;
        }
        if found.reason == 0 {
            found.facts = View::read(&record[RECORD_HEAD..]);
            match found.facts {
                Some(facts) => {
                    let words = record.get(word(record, 12) as usize..).unwrap_or_default();
                    found.words = WordsView::read(words, facts.defs.len());
                }
                None => found.reason = Reason::Unreadable as u8,
            }
        }
    }
    found.flags = (flags | job.file.flags) & !job.file.unflags;
    found
}

/// What a path alone says of a file.
fn default_flags(path: &[u8]) -> u8 {
    let mut flags = 0;
    let mut parts = path.split(|byte| *byte == b'/').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            let lower = part.to_ascii_lowercase();
            let stem = crate::lang::modules::stem(&lower);
            let test = stem.starts_with(b"test_")
                || stem.ends_with(b"_test")
                || stem.ends_with(b".test")
                || stem.ends_with(b".spec")
                || stem == b"conftest"
                || (stem.ends_with(b"test") || stem.ends_with(b"tests"))
                    && part.ends_with(b".java");
            if test {
                flags |= file_flag::TEST;
            }
            break;
        }
        match part {
            b"test" | b"tests" | b"testing" | b"testdata" | b"__tests__" | b"spec" => {
                flags |= file_flag::TEST;
            }
            b"vendor" | b"vendored" | b"_vendor" | b"third_party" | b"third-party"
            | b"thirdparty" | b"node_modules" | b"bower_components" | b"extern" => {
                flags |= file_flag::VENDORED;
            }
            _ => {}
        }
    }
    flags
}

/// The manifests among the files, with their bytes.
pub(super) fn manifests<'f>(
    files: &'f [SourceFile],
    source: &dyn Source,
) -> Vec<(&'f [u8], Vec<u8>)> {
    let wanted: Vec<&'static str> = module_rules()
        .iter()
        .flat_map(|(_, rule)| rule.manifests().iter().copied())
        .collect();
    files
        .par_iter()
        .enumerate()
        .filter(|(_, file)| {
            let name = file_name(&file.path);
            wanted.iter().any(|known| known.as_bytes() == name)
        })
        .filter_map(|(at, file)| {
            let bytes = source.read(at).ok()?;
            (bytes.len() <= 4 << 20).then_some((file.path.as_slice(), bytes))
        })
        .collect()
}
