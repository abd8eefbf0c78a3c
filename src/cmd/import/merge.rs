//! What an index says, laid over what the graph has.

use rustc_hash::{FxHashMap, FxHashSet};
use scip::types::{Document, Index, SymbolRole};

use super::places::{Lines, Place};
use crate::cmd::context::Opened;
use crate::cmd::error::Error;
use crate::graph::EdgeKind;
use crate::index::records::{EdgeRec, UnresolvedRec, edge_flag, section};
use crate::index::{STORED, Snapshot};
use crate::lang::DefKind;
use crate::query;

/// What it came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Documents of files that are here.
    pub documents: u32,
    /// Documents of files that are not.
    pub unknown_documents: u32,
    /// Symbols that are symbols here.
    pub symbols: u32,
    /// Edges that were known.
    pub confirmed: u64,
    /// Edges that are new.
    pub added: u64,
    /// Edges that gave way.
    pub removed: u64,
    /// Undecided sites that no longer are.
    pub decided: u64,
}

/// Edges for each kind of [`STORED`], and what stays undecided.
pub struct Merged {
    /// The edges.
    pub edges: Vec<Vec<EdgeRec>>,
    /// Undecided call sites.
    pub unresolved: Vec<UnresolvedRec>,
    /// What changed.
    pub counts: Counts,
}

/// File, line and byte column.
type Site = (u32, u32, u32);

/// What occurs at a site, and the symbol that it stands in.
struct Precise {
    targets: Vec<u32>,
    around: u32,
}

/// Fewer definitions than this say nothing about the whole.
const ENOUGH: u32 = 10;

/// Lays `index` over the graph of `opened`.
pub fn merge(opened: &Opened, index: &Index) -> Result<Merged, Error> {
    let snapshot = &opened.snapshot;
    let mut counts = Counts::default();
    let mut known: Vec<(u32, &Document, Vec<u8>)> = Vec::new();
    for document in &index.documents {
        match query::file_at(snapshot, document.relative_path.as_bytes())? {
            Some(file) => known.push((file, document, opened.read(file)?)),
            None => counts.unknown_documents += 1,
        }
    }
    counts.documents = known.len() as u32;
    let symbols = definitions(snapshot, &known)?;
    counts.symbols = symbols.len() as u32;
    let mut sites: FxHashMap<Site, Precise> = FxHashMap::default();
    for (file, document, bytes) in &known {
        occurrences(snapshot, *file, document, bytes, &symbols, &mut sites)?;
    }
    let mut edges = Vec::with_capacity(STORED.len());
    for kind in STORED {
        edges.push(snapshot.edges(kind)?.to_vec());
    }
    let mut merge = Merge {
        snapshot,
        overrides: overrides(snapshot)?,
        edges,
        counts,
    };
    let unresolved = merge.calls_and_mentions(sites)?;
    merge.relations(&known, &symbols)?;
    Ok(Merged {
        edges: merge.edges,
        unresolved,
        counts: merge.counts,
    })
}

fn place_of(kind: EdgeKind) -> usize {
    STORED.iter().position(|known| *known == kind).unwrap_or(0)
}

/// Symbols of the index that are defined where ours are. Where most are not,
/// the index is of other code.
fn definitions<'a>(
    snapshot: &Snapshot,
    known: &[(u32, &'a Document, Vec<u8>)],
) -> Result<FxHashMap<&'a str, u32>, Error> {
    let mut symbols = FxHashMap::default();
    let (mut seen, mut fitting) = (0_u32, 0_u32);
    for (file, document, bytes) in known {
        let record = *snapshot.file(*file)?;
        let mut here: FxHashMap<(u32, u32), u32> = FxHashMap::default();
        for node in record.symbols..record.symbols.saturating_add(record.symbols_len) {
            let symbol = snapshot.symbol(node)?;
            if symbol.parent != node {
                here.insert((symbol.line, symbol.column), node);
            }
        }
        let lines = Lines::new(bytes, document);
        for occurrence in &document.occurrences {
            let defines = occurrence.symbol_roles & SymbolRole::Definition as i32 != 0;
            if !defines || occurrence.symbol.starts_with("local ") {
                continue;
            }
            let place = lines.place(occurrence);
            if is_callable(&occurrence.symbol) {
                let name = own_name(&occurrence.symbol);
                let fits = place.is_some_and(|place| {
                    name.as_ref()
                        .is_some_and(|name| lines.text(&place) == name.as_bytes())
                });
                seen += 1;
                fitting += u32::from(fits);
            }
            if let Some(place) = place
                && let Some(&node) = here.get(&(place.line, place.column))
            {
                symbols.insert(occurrence.symbol.as_str(), node);
            }
        }
    }
    if seen >= ENOUGH && fitting * 2 < seen {
        return Err(Error::Usage(format!(
            "the index is of other code: {fitting} of {seen} definitions stand where it says; \
             name its commit with `--at`"
        )));
    }
    if symbols.is_empty() {
        return Err(Error::Usage(
            "no definition of the index is one of this commit; its paths have to be those of the \
             repository, and `--at` names another commit"
                .to_owned(),
        ));
    }
    Ok(symbols)
}

/// Whether a symbol is a function, method or class: what stands in the text by
/// its own name.
fn is_callable(symbol: &str) -> bool {
    symbol.ends_with("().") || symbol.ends_with('#')
}

/// The last name of a symbol.
fn own_name(symbol: &str) -> Option<String> {
    let parsed = scip::symbol::parse_symbol(symbol).ok()?;
    let last = parsed.descriptors.last()?;
    Some(last.name.clone())
}

fn occurrences(
    snapshot: &Snapshot,
    file: u32,
    document: &Document,
    bytes: &[u8],
    symbols: &FxHashMap<&str, u32>,
    sites: &mut FxHashMap<Site, Precise>,
) -> Result<(), Error> {
    let lines = Lines::new(bytes, document);
    let around = Around::new(snapshot, file)?;
    let skipped = SymbolRole::Definition as i32 | SymbolRole::Import as i32;
    for occurrence in &document.occurrences {
        if occurrence.symbol_roles & skipped != 0 {
            continue;
        }
        let Some(&target) = symbols.get(occurrence.symbol.as_str()) else {
            continue;
        };
        let Some(place) = lines.place(occurrence) else {
            continue;
        };
        let site = sites
            .entry((file, place.line, place.column))
            .or_insert_with(|| Precise {
                targets: Vec::new(),
                around: around.of(&place),
            });
        if !site.targets.contains(&target) {
            site.targets.push(target);
        }
    }
    Ok(())
}

/// The symbols of a file that others stand in.
struct Around {
    file: u32,
    spans: Vec<(u32, u32, u32)>,
}

impl Around {
    fn new(snapshot: &Snapshot, file: u32) -> Result<Self, Error> {
        let record = *snapshot.file(file)?;
        let mut spans = Vec::new();
        for node in record.symbols..record.symbols.saturating_add(record.symbols_len) {
            let symbol = snapshot.symbol(node)?;
            let holds = [
                DefKind::Function,
                DefKind::Method,
                DefKind::Class,
                DefKind::Interface,
                DefKind::Module,
            ];
            if holds.iter().any(|kind| *kind as u32 == symbol.kind) {
                spans.push((symbol.start, symbol.end, node));
            }
        }
        spans.sort_unstable();
        Ok(Self {
            file: record.symbols,
            spans,
        })
    }

    /// The innermost one around a place; otherwise the file.
    fn of(&self, place: &Place) -> u32 {
        let start = place.start as u32;
        let before = self.spans.partition_point(|span| span.0 <= start);
        let found = self.spans[..before]
            .iter()
            .rev()
            .find(|span| start < span.1);
        found.map_or(self.file, |span| span.2)
    }
}

/// Whom each symbol overrides.
fn overrides(snapshot: &Snapshot) -> Result<FxHashMap<u32, Vec<u32>>, Error> {
    let mut found: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for edge in snapshot.edges(EdgeKind::Overrides)? {
        found.entry(edge.source).or_default().push(edge.target);
    }
    Ok(found)
}

struct Merge<'a> {
    snapshot: &'a Snapshot,
    overrides: FxHashMap<u32, Vec<u32>>,
    edges: Vec<Vec<EdgeRec>>,
    counts: Counts,
}

impl Merge<'_> {
    /// Gives what stays undecided.
    fn calls_and_mentions(
        &mut self,
        mut sites: FxHashMap<Site, Precise>,
    ) -> Result<Vec<UnresolvedRec>, Error> {
        // What an import statement or a list of bases names has its edge.
        for kind in [EdgeKind::Imports, EdgeKind::Implements, EdgeKind::Overrides] {
            for edge in self.snapshot.edges(kind)? {
                sites.remove(&(edge.file, edge.line, edge.column >> 2));
            }
        }
        let mut callers: FxHashMap<Site, u32> = FxHashMap::default();
        for edge in self.snapshot.edges(EdgeKind::Calls)? {
            if edge.column & edge_flag::IMPLICIT == 0 {
                let site = (edge.file, edge.line, edge.column >> 2);
                callers.entry(site).or_insert(edge.source);
            }
        }
        let all = self
            .snapshot
            .segment()
            .checked::<UnresolvedRec>(section::UNRESOLVED)?;
        let mut unresolved = Vec::new();
        for record in all.all()? {
            let site = (record.file, record.line, record.column >> 3);
            if sites.contains_key(&site) {
                self.counts.decided += 1;
                callers.entry(site).or_insert(record.source);
            } else {
                unresolved.push(*record);
            }
        }
        let (mut calls, mut mentions) = (FxHashMap::default(), FxHashMap::default());
        for (site, mut precise) in sites {
            if let Some(&source) = callers.get(&site) {
                precise.around = source;
                calls.insert(site, precise);
            } else {
                mentions.insert(site, precise);
            }
        }
        self.replace(EdgeKind::Calls, &calls)?;
        self.replace(EdgeKind::References, &mentions)?;
        Ok(unresolved)
    }

    /// Puts what is precise in the place of the edges of its sites.
    fn replace(&mut self, kind: EdgeKind, sites: &FxHashMap<Site, Precise>) -> Result<(), Error> {
        let own = std::mem::take(&mut self.edges[place_of(kind)]);
        let mut kept = Vec::with_capacity(own.len());
        let mut met: FxHashSet<(Site, u32)> = FxHashSet::default();
        for mut edge in own {
            let site = (edge.file, edge.line, edge.column >> 2);
            let precise = sites.get(&site);
            let Some(precise) = precise.filter(|_| edge.column & edge_flag::IMPLICIT == 0) else {
                kept.push(edge);
                continue;
            };
            match self.meant(edge.target, &precise.targets)? {
                Some(target) => {
                    met.insert((site, target));
                    edge.column &= !edge_flag::INFERRED;
                    self.counts.confirmed += 1;
                    kept.push(edge);
                }
                // What overrides the declared one may be called there.
                None if self.leads_to(edge.target, &precise.targets) => kept.push(edge),
                None => self.counts.removed += 1,
            }
        }
        for (site, precise) in sites {
            for &target in &precise.targets {
                if met.insert((*site, target)) {
                    self.counts.added += 1;
                    kept.push(EdgeRec {
                        source: precise.around,
                        target,
                        file: site.0,
                        line: site.1,
                        column: site.2 << 2,
                    });
                }
            }
        }
        self.edges[place_of(kind)] = kept;
        Ok(())
    }

    /// The precise target that an edge's target is: itself, or the class whose
    /// constructor it is.
    fn meant(&self, target: u32, precise: &[u32]) -> Result<Option<u32>, Error> {
        if precise.contains(&target) || self.snapshot.is_external(target) {
            return Ok(precise.contains(&target).then_some(target));
        }
        let symbol = self.snapshot.symbol(target)?;
        let method = symbol.kind == DefKind::Method as u32;
        Ok(precise
            .iter()
            .copied()
            .find(|node| method && *node == symbol.parent))
    }

    /// Whether a symbol overrides one of `targets`, directly or not.
    fn leads_to(&self, symbol: u32, targets: &[u32]) -> bool {
        let mut seen = FxHashSet::default();
        let mut open = vec![symbol];
        while let Some(node) = open.pop() {
            for &next in self.overrides.get(&node).into_iter().flatten() {
                if targets.contains(&next) {
                    return true;
                }
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        false
    }

    /// Classes that implement others, and members that override others.
    fn relations(
        &mut self,
        known: &[(u32, &Document, Vec<u8>)],
        symbols: &FxHashMap<&str, u32>,
    ) -> Result<(), Error> {
        let mut found: FxHashMap<(EdgeKind, u32, u32), bool> = FxHashMap::default();
        let informations = known.iter().flat_map(|(_, document, _)| &document.symbols);
        for information in informations {
            let Some(&source) = symbols.get(information.symbol.as_str()) else {
                continue;
            };
            for relation in &information.relationships {
                let target = symbols.get(relation.symbol.as_str()).copied();
                let Some(target) = target.filter(|node| *node != source) else {
                    continue;
                };
                if !relation.is_implementation {
                    continue;
                }
                let kind = match query::kind_name(self.snapshot.symbol(source)?.kind) {
                    "class" | "interface" => EdgeKind::Implements,
                    "method" | "function" => EdgeKind::Overrides,
                    _ => continue,
                };
                found.insert((kind, source, target), false);
            }
        }
        for kind in [EdgeKind::Implements, EdgeKind::Overrides] {
            for edge in &mut self.edges[place_of(kind)] {
                if let Some(met) = found.get_mut(&(kind, edge.source, edge.target)) {
                    *met = true;
                    edge.column &= !edge_flag::INFERRED;
                    self.counts.confirmed += 1;
                }
            }
        }
        for ((kind, source, target), met) in found {
            if met {
                continue;
            }
            let symbol = self.snapshot.symbol(source)?;
            self.counts.added += 1;
            self.edges[place_of(kind)].push(EdgeRec {
                source,
                target,
                file: symbol.file,
                line: symbol.line,
                column: symbol.column << 2,
            });
        }
        Ok(())
    }
}
