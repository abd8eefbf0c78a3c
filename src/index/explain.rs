//! Links the files of a snapshot once more, from the facts that packs have, to
//! tell how each edge was found.
//!
//! A snapshot keeps no explanations: linking is quick, and nobody asks for
//! most of them. What a pack has no facts of any more is parsed again.

use std::time::Duration;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::assemble::{Parsed, with_input};
use super::build::{Job, Packs, entry, manifests};
use super::encode::{FileEntry, numbers};
use super::records::EdgeRec;
use super::{Builder, Error, Snapshot, Source, SourceFile, Store};
use crate::facts::format::NONE;
use crate::facts::{self, Place, View, extract};
use crate::graph::{Asked, EdgeKind, Explainer, Locate, Spot, Step};
use crate::lang::language;
use crate::lang::modules::Manifest;

/// One step of an explanation, with the line of source that it stands at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The rule's name.
    pub rule: &'static str,
    /// The file.
    pub path: Vec<u8>,
    /// Line, 1-based.
    pub line: u32,
    /// What the rule says here.
    pub text: String,
    /// The line of source, without what surrounds it.
    pub code: Vec<u8>,
}

/// Longest line of source that is shown whole, in bytes.
const LONGEST: usize = 160;

/// Most files whose text is kept.
const MOST_TEXTS: usize = 64;

/// Explains the edges of one snapshot.
pub struct Explanations<'a> {
    explainer: Explainer<'a>,
    snapshot: &'a Snapshot,
    source: &'a dyn Source,
    /// Per parsed file, its place among the source's.
    places: &'a [usize],
    labels: &'a [&'a [u8]],
    /// Per file of the snapshot, its number among the parsed ones.
    unit_of: FxHashMap<u32, u32>,
    /// Definitions by symbol.
    defs: FxHashMap<u32, Vec<u32>>,
    texts: FxHashMap<u32, Vec<u8>>,
}

impl Explanations<'_> {
    /// The chain of rules behind an edge; empty where linking finds no such edge.
    pub fn edge(&mut self, kind: EdgeKind, edge: &EdgeRec) -> Vec<Told> {
        let Some(file) = self.unit_of.get(&edge.file).copied() else {
            return Vec::new();
        };
        let external = self.snapshot.is_external(edge.target);
        let outside = [edge.target.wrapping_sub(self.snapshot.meta().symbols)];
        let none = Vec::new();
        let asked = Asked {
            kind,
            file,
            line: edge.line,
            column: edge.column >> 2,
            sources: self.defs.get(&edge.source).unwrap_or(&none),
            targets: if external {
                &outside
            } else {
                self.defs.get(&edge.target).unwrap_or(&none)
            },
            external,
        };
        let steps = self.explainer.edge(&asked);
        self.told(steps)
    }

    /// What is known of the undecided call at a place of a file.
    pub fn site(&mut self, file: u32, line: u32, column: u32) -> Vec<Told> {
        let Some(file) = self.unit_of.get(&file).copied() else {
            return Vec::new();
        };
        let steps = self.explainer.site(file, line, column);
        self.told(steps)
    }

    /// What is said of an edge that an imported index brought.
    pub fn imported(&mut self, edge: &EdgeRec) -> Told {
        let file = self.unit_of.get(&edge.file).copied();
        Told {
            rule: "imported_index",
            path: file.map_or_else(Vec::new, |file| self.labels[file as usize].to_vec()),
            line: edge.line,
            text: "linking does not find this; the index that was imported says it".to_owned(),
            code: file.map_or_else(Vec::new, |file| self.line(file, edge.line)),
        }
    }

    fn told(&mut self, steps: Vec<Step>) -> Vec<Told> {
        steps
            .into_iter()
            .map(|step| Told {
                rule: step.rule,
                path: self.labels[step.file as usize].to_vec(),
                line: step.line,
                text: step.text,
                code: self.line(step.file, step.line),
            })
            .collect()
    }

    /// A line of a file's text, as far as it can be read.
    fn line(&mut self, file: u32, line: u32) -> Vec<u8> {
        if !self.texts.contains_key(&file) {
            if self.texts.len() >= MOST_TEXTS {
                self.texts.clear();
            }
            let text = self.source.read(self.places[file as usize]);
            self.texts.insert(file, text.unwrap_or_default());
        }
        let text = &self.texts[&file];
        let mut lines = text.split(|byte| *byte == b'\n');
        let line = lines.nth((line as usize).saturating_sub(1));
        let line = line.unwrap_or_default().trim_ascii();
        let end = (0..=line.len().min(LONGEST))
            .rev()
            .find(|end| line.get(*end).is_none_or(|byte| byte & 0xC0 != 0x80));
        line[..end.unwrap_or(0)].to_vec()
    }
}

/// Links `files` as `snapshot` was linked, and hands the explanations of its
/// edges to `then`. `deadline` is the longest time to parse one file.
pub fn explain<R>(
    store: &Store,
    snapshot: &Snapshot,
    files: &[SourceFile],
    source: &dyn Source,
    deadline: Duration,
    then: impl FnOnce(&mut Explanations<'_>) -> R,
) -> Result<R, Error> {
    let (jobs, _) = Builder::jobs(files, source);
    let packs = Packs::open(store, &jobs)?;
    let mut entries: Vec<FileEntry<'_>> = jobs.par_iter().map(|job| entry(job, &packs)).collect();
    let fresh: Vec<Option<Vec<u8>>> = jobs
        .par_iter()
        .zip(&entries)
        .map_init(tree_sitter::Parser::new, |parser, (job, entry)| {
            if entry.facts.is_some() || packs.has(job) {
                return None;
            }
            parsed_again(parser, job, source, deadline)
        })
        .collect();
    for (entry, bytes) in entries.iter_mut().zip(&fresh) {
        if let Some(bytes) = bytes {
            entry.facts = View::read(bytes);
        }
    }
    let manifests = manifests(files, source);
    let manifests: Vec<Manifest<'_>> = manifests
        .iter()
        .map(|(path, bytes)| Manifest { path, bytes })
        .collect();
    let (mut parsed, mut labels, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for (entry, job) in entries.iter().zip(&jobs) {
        let Some(facts) = entry.facts else { continue };
        labels.push(entry.path);
        places.push(job.at);
        parsed.push(Parsed {
            path: entry.path,
            language: entry.language,
            facts,
        });
    }
    Ok(with_input(&parsed, &manifests, |input| {
        let locate = located(&parsed, &places, source, deadline);
        let explainer = Explainer::new(input, &labels, locate);
        let (symbol_of, file_of_unit) = numbers(&entries, &explainer.outline());
        let mut defs: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (def, symbol) in symbol_of.iter().enumerate() {
            defs.entry(*symbol).or_default().push(def as u32);
        }
        let units = file_of_unit.iter().enumerate();
        let mut explanations = Explanations {
            explainer,
            snapshot,
            source,
            places: &places,
            labels: &labels,
            unit_of: units.map(|(unit, file)| (*file, unit as u32)).collect(),
            defs,
            texts: FxHashMap::default(),
        };
        then(&mut explanations)
    }))
}

fn parsed_again(
    parser: &mut tree_sitter::Parser,
    job: &Job<'_>,
    source: &dyn Source,
    deadline: Duration,
) -> Option<Vec<u8>> {
    let bytes = source.read(job.at).ok()?;
    let found = extract(parser, &bytes, language(job.language)?, deadline).ok()?;
    Some(found.facts.to_bytes())
}

/// Tells where slots of the files are written: a file is parsed again when it
/// is first asked about.
fn located<'a>(
    parsed: &'a [Parsed<'a>],
    places: &'a [usize],
    source: &'a dyn Source,
    deadline: Duration,
) -> Locate<'a> {
    let mut parser = tree_sitter::Parser::new();
    let mut known: FxHashMap<u32, Spots> = FxHashMap::default();
    Box::new(move |file, slot| {
        let spots = known.entry(file).or_insert_with(|| {
            let unit = &parsed[file as usize];
            let text = source.read(places[file as usize]).unwrap_or_default();
            Spots::of(&mut parser, &text, unit, deadline)
        });
        spots.get(slot)
    })
}

/// Where the slots of one file are written.
#[derive(Debug)]
pub struct Spots {
    lines: Vec<u32>,
    places: Vec<Place>,
    names: Vec<String>,
}

impl Spots {
    /// Those of a file with that text; none where it has other facts than `unit`.
    pub fn of(
        parser: &mut tree_sitter::Parser,
        text: &[u8],
        unit: &Parsed<'_>,
        deadline: Duration,
    ) -> Self {
        let lang = language(unit.language);
        let places = lang.and_then(|lang| facts::places(parser, text, lang, deadline).ok());
        let places = places.filter(|places| places.len() == unit.facts.slots() as usize);
        let places = places.unwrap_or_default();
        let names = places.iter().map(|place| match place.name {
            NONE => String::new(),
            name => String::from_utf8_lossy(unit.facts.name(name)).into_owned(),
        });
        let ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        Self {
            names: names.collect(),
            lines: ends.map(|(at, _)| at as u32).collect(),
            places,
        }
    }

    /// Where a slot is written.
    pub fn get(&self, slot: u32) -> Option<Spot> {
        let place = self.places.get(slot as usize)?;
        let name = &self.names[slot as usize];
        (place.start != u32::MAX).then(|| Spot {
            line: self.lines.partition_point(|end| *end < place.start) as u32 + 1,
            name: (!name.is_empty()).then(|| name.clone()),
        })
    }
}
