//! From linked files to the sections of a snapshot.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::records::{
    BackRec, EdgeRec, FileRec, MetaRec, NameRec, SymbolRec, TextRec, UnresolvedRec, edge_flag,
};
use super::words::WordsView;
use crate::facts::View;
use crate::facts::format::{NONE, def_flag};
use crate::graph::order::sort_grouped;
use crate::graph::{Edge, EdgeKind, Linked};
use crate::lang::DefKind;
use crate::vector::EmbedderId;

/// A file of the snapshot, parsed or left out.
#[derive(Debug)]
pub struct FileEntry<'a> {
    /// Its path.
    pub path: &'a [u8],
    /// Its object id.
    pub blob: &'a [u8],
    /// Its language's id; 255 for none.
    pub language: u8,
    /// Why it was left out; 0 if it was not.
    pub reason: u8,
    /// Bits of [`super::records::file_flag`].
    pub flags: u8,
    /// Bytes.
    pub bytes: u32,
    /// Lines.
    pub lines: u32,
    /// Its facts, if it was parsed.
    pub facts: Option<View<'a>>,
    /// Its words and vectors, if it was parsed.
    pub words: Option<WordsView<'a>>,
}

/// The sections of a snapshot, ready to be written.
#[derive(Debug, Default)]
pub struct Sections {
    /// Counts.
    pub meta: MetaRec,
    /// All text.
    pub text: Vec<u8>,
    /// Files.
    pub files: Vec<FileRec>,
    /// Object ids.
    pub blobs: Vec<u8>,
    /// Symbols.
    pub symbols: Vec<SymbolRec>,
    /// Names.
    pub names: Vec<NameRec>,
    /// The names' lists.
    pub name_lists: Vec<u32>,
    /// Edges.
    pub edges: Vec<EdgeRec>,
    /// Ends of forward runs.
    pub forward: Vec<u32>,
    /// Edges by target.
    pub back: Vec<BackRec>,
    /// Ends of backward runs.
    pub backward: Vec<u32>,
    /// Undecided sites.
    pub unresolved: Vec<UnresolvedRec>,
    /// External symbols.
    pub externals: Vec<TextRec>,
    /// Hashes of words.
    pub terms: Vec<u64>,
    /// Ends of the words' postings.
    pub term_ends: Vec<u32>,
    /// Postings.
    pub postings: Vec<u8>,
    /// Words of each symbol.
    pub doc_lengths: Vec<u32>,
    /// Page ranks.
    pub ranks: Vec<f32>,
    /// What made the vectors.
    pub embedder: Vec<u8>,
    /// The symbols of the vectors.
    pub vector_symbols: Vec<u32>,
    /// The vectors' scales.
    pub vector_scales: Vec<f32>,
    /// The vectors' numbers.
    pub vectors: Vec<i8>,
    /// Names of added languages, a line each.
    pub languages: Vec<u8>,
}

/// Edge kinds that a snapshot stores, in order. DEFINES is [`SymbolRec::parent`].
pub const STORED: [EdgeKind; 5] = [
    EdgeKind::Calls,
    EdgeKind::Imports,
    EdgeKind::Implements,
    EdgeKind::References,
    EdgeKind::Overrides,
];

/// Encodes `files` (by path) and what linking the parsed ones among them gave.
pub fn encode(
    files: &[FileEntry<'_>],
    linked: &Linked,
    other_files: u32,
    embedder: &EmbedderId,
) -> Sections {
    let mut encoder = Encoder {
        files,
        linked,
        out: Sections::default(),
        symbol_of: vec![NONE; linked.def_base.last().copied().unwrap_or(0) as usize],
        file_of_unit: Vec::new(),
    };
    encoder.out.meta.other_files = other_files;
    encoder.symbols();
    encoder.names();
    encoder.edges();
    let Encoder {
        mut out, symbol_of, ..
    } = encoder;
    out.ranks = super::rank::ranks(out.symbols.len(), out.edges.iter());
    super::postings::encode(files, &linked.def_base, &symbol_of, embedder, &mut out);
    out
}

/// The symbol of each definition, and the file of each parsed one, as
/// [`encode`] numbers them.
pub fn numbers(files: &[FileEntry<'_>], linked: &Linked) -> (Vec<u32>, Vec<u32>) {
    let mut encoder = Encoder {
        files,
        linked,
        out: Sections::default(),
        symbol_of: vec![NONE; linked.def_base.last().copied().unwrap_or(0) as usize],
        file_of_unit: Vec::new(),
    };
    encoder.symbols();
    (encoder.symbol_of, encoder.file_of_unit)
}

struct Encoder<'a> {
    files: &'a [FileEntry<'a>],
    linked: &'a Linked,
    out: Sections,
    symbol_of: Vec<u32>,
    file_of_unit: Vec<u32>,
}

impl Encoder<'_> {
    fn text(&mut self, bytes: &[u8]) -> TextRec {
        let at = self.out.text.len() as u32;
        self.out.text.extend_from_slice(bytes);
        TextRec {
            at,
            len: bytes.len() as u32,
        }
    }

    fn symbols(&mut self) {
        let owners: FxHashMap<u32, u32> = self.linked.owners.iter().copied().collect();
        let mut unit = 0;
        for (at, file) in self.files.iter().enumerate() {
            let path = self.text(file.path);
            let first = self.out.symbols.len() as u32;
            self.out.blobs.extend_from_slice(file.blob);
            self.out.meta.lines += u64::from(file.lines);
            self.out.meta.bytes += u64::from(file.bytes);
            match &file.facts {
                Some(facts) => {
                    let base = self.linked.def_base[unit];
                    unit += 1;
                    self.file_of_unit.push(at as u32);
                    self.file_symbols(at as u32, facts, base);
                }
                None => self.file_symbol(at as u32, file.lines),
            }
            self.out.files.push(FileRec {
                path,
                symbols: first,
                symbols_len: self.out.symbols.len() as u32 - first,
                lines: file.lines,
                bytes: file.bytes,
                language: file.language,
                reason: file.reason,
                flags: file.flags,
                reserved: 0,
            });
        }
        self.parents(&owners);
        self.out.meta.symbols = self.out.symbols.len() as u32;
        for name in &self.linked.externals {
            let text = self.text(name.as_bytes());
            self.out.externals.push(text);
        }
        self.out.meta.externals = self.out.externals.len() as u32;
    }

    /// What a symbol stands in: its owner where it names one, else what is
    /// around it. What stands in an `impl` stands in its type.
    fn parents(&mut self, owners: &FxHashMap<u32, u32>) {
        let mut unit = 0;
        for file in self.files {
            let Some(facts) = &file.facts else { continue };
            let base = self.linked.def_base[unit];
            unit += 1;
            for (local, def) in facts.defs.iter().enumerate().skip(1) {
                let id = base as usize + local;
                let owner = owners
                    .get(&(id as u32))
                    .map(|owner| self.symbol_of[*owner as usize]);
                let around = self.symbol_of[(base + def.parent) as usize];
                let parent = owner.filter(|symbol| *symbol != NONE).unwrap_or(around);
                match self.symbol_of[id] {
                    NONE => self.symbol_of[id] = parent,
                    symbol => self.out.symbols[symbol as usize].parent = parent,
                }
            }
        }
    }

    /// The symbol that a file is.
    fn file_symbol(&mut self, file: u32, lines: u32) {
        let path = self.files[file as usize].path;
        let name = crate::lang::modules::file_name(path);
        let name = self.text(name);
        let at = self.out.symbols.len() as u32;
        self.out.symbols.push(SymbolRec {
            name,
            file,
            parent: at,
            end: self.files[file as usize].bytes,
            start_line: 1,
            end_line: lines.max(1),
            kind: DefKind::File as u32,
            ..SymbolRec::default()
        });
    }

    fn file_symbols(&mut self, file: u32, facts: &View<'_>, base: u32) {
        let first = self.out.symbols.len();
        self.file_symbol(file, self.files[file as usize].lines);
        self.symbol_of[base as usize] = first as u32;
        let mut seen: FxHashMap<Vec<u8>, u32> = FxHashMap::default();
        let mut qualified: Vec<Vec<u8>> = vec![Vec::new(); facts.defs.len()];
        for (local, def) in facts.defs.iter().enumerate().skip(1) {
            let parent = def.parent as usize;
            let mut name = Vec::new();
            if def.owner_name == NONE || def.kind == DefKind::Impl as u32 {
                name.extend_from_slice(&qualified[parent]);
            } else {
                // A member that names its owner stands in it, wherever it is.
                name.extend_from_slice(&qualified[parent]);
                if !name.is_empty() {
                    name.push(b'.');
                }
                name.extend_from_slice(facts.name(def.owner_name));
            }
            let id = base + local as u32;
            let hidden = def.kind == DefKind::TypeParam as u32
                || def.flags & (def_flag::FORWARD | def_flag::SIGNATURE) != 0
                || self.linked.declared.binary_search(&id).is_ok();
            if !hidden && !facts.name(def.name).is_empty() {
                if !name.is_empty() {
                    name.push(b'.');
                }
                name.extend_from_slice(facts.name(def.name));
            }
            if hidden || def.kind == DefKind::Impl as u32 {
                qualified[local] = name;
                continue;
            }
            let count = seen.entry(name.clone()).or_insert(0);
            *count += 1;
            let mut shown = name.clone();
            if *count > 1 {
                shown.extend_from_slice(format!("#{count}").as_bytes());
            }
            qualified[local].clone_from(&shown);
            let at = self.out.symbols.len() as u32;
            self.symbol_of[base as usize + local] = at;
            let name = self.text(facts.name(def.name));
            let qualified_text = self.text(&shown);
            let signature = self.text(facts.text(def.signature, def.signature_len));
            let doc = self.text(facts.text(def.doc, def.doc_len));
            self.out.symbols.push(SymbolRec {
                name,
                qualified: qualified_text,
                signature,
                doc,
                file,
                parent: first as u32,
                start: def.start,
                end: def.end,
                start_line: def.start_line,
                end_line: def.end_line,
                line: def.line,
                column: def.column,
                kind: def.kind,
                flags: def.flags,
            });
        }
    }

    fn names(&mut self) {
        let text = &self.out.text;
        // Each name once, with its first symbol; then in the order of the text.
        let mut ids: FxHashMap<&[u8], u32> = FxHashMap::default();
        let mut found: Vec<(&[u8], NameRec)> = Vec::new();
        let mut name_of: Vec<u32> = Vec::with_capacity(self.out.symbols.len());
        for symbol in &self.out.symbols {
            let name = symbol.name;
            let bytes = &text[name.at as usize..(name.at + name.len) as usize];
            let id = *ids.entry(bytes).or_insert_with(|| {
                let (list, list_len) = (0, 0);
                found.push((
                    bytes,
                    NameRec {
                        name,
                        list,
                        list_len,
                    },
                ));
                found.len() as u32 - 1
            });
            found[id as usize].1.list_len += 1;
            name_of.push(id);
        }
        let mut order: Vec<u32> = (0..found.len() as u32).collect();
        order.sort_unstable_by_key(|id| found[*id as usize].0);
        let mut at = 0;
        let mut places = vec![0; found.len()];
        let mut names = Vec::with_capacity(found.len());
        for id in order {
            let record = &mut found[id as usize].1;
            record.list = at;
            places[id as usize] = at;
            at += record.list_len;
            names.push(*record);
        }
        let mut lists = vec![0; name_of.len()];
        for (symbol, id) in name_of.iter().enumerate() {
            let place: &mut u32 = &mut places[*id as usize];
            lists[*place as usize] = symbol as u32;
            *place += 1;
        }
        self.out.names = names;
        self.out.name_lists = lists;
    }

    fn edges(&mut self) {
        let nodes = (self.out.meta.symbols + self.out.meta.externals) as usize;
        let by_kind: Vec<Vec<EdgeRec>> = STORED
            .par_iter()
            .map(|kind| {
                let first = self.linked.edges.partition_point(|edge| edge.kind < *kind);
                let len = self.linked.edges[first..].partition_point(|edge| edge.kind == *kind);
                let mut records: Vec<EdgeRec> = self.linked.edges[first..first + len]
                    .iter()
                    .map(|edge| self.edge(edge))
                    .filter(|edge| edge.source != NONE && edge.target != NONE)
                    .collect();
                sort_grouped(
                    &mut records,
                    nodes,
                    |edge| edge.source,
                    |edge| (edge.target, edge.file, edge.line, edge.column),
                );
                records
            })
            .collect();
        connect(&mut self.out, nodes, &by_kind);
        self.out.unresolved = self
            .linked
            .unresolved
            .iter()
            .map(|site| UnresolvedRec {
                name: site.name,
                source: self.symbol_of[site.source as usize],
                file: self.file_of_unit[site.file as usize],
                line: site.line,
                column: site.column << 3 | site.reason as u32,
            })
            .collect();
        self.out
            .unresolved
            .sort_unstable_by_key(|site| (site.name, site.source, site.line, site.column));
    }

    fn edge(&self, edge: &Edge) -> EdgeRec {
        let flags = if edge.inferred {
            edge_flag::INFERRED
        } else {
            0
        } | if edge.implicit {
            edge_flag::IMPLICIT
        } else {
            0
        };
        let target = if edge.external {
            self.out.meta.symbols + edge.target
        } else {
            self.symbol_of[edge.target as usize]
        };
        EdgeRec {
            source: self.symbol_of[edge.source as usize],
            target,
            file: self.file_of_unit[edge.file as usize],
            line: edge.line,
            column: edge.column << 2 | flags,
        }
    }
}

/// Writes the edges of each stored kind, sorted, and finds them from both ends.
pub(super) fn connect(out: &mut Sections, nodes: usize, by_kind: &[Vec<EdgeRec>]) {
    for records in by_kind {
        let base = out.edges.len() as u32;
        ends(
            &mut out.forward,
            nodes,
            base,
            records.iter().map(|edge| edge.source),
        );
        let start = out.backward.len();
        ends(
            &mut out.backward,
            nodes,
            base,
            records.iter().map(|edge| edge.target),
        );
        // Filled from behind: each end moves to where its run begins.
        let mut places = out.backward[start..].to_vec();
        let blank = BackRec { source: 0, edge: 0 };
        out.back.resize(base as usize + records.len(), blank);
        for (at, edge) in records.iter().enumerate().rev() {
            let place = &mut places[edge.target as usize];
            *place -= 1;
            out.back[*place as usize] = BackRec {
                source: edge.source,
                edge: base + at as u32,
            };
        }
        out.edges.extend_from_slice(records);
    }
}

/// Appends, for each node, where its run ends.
fn ends(out: &mut Vec<u32>, nodes: usize, base: u32, keys: impl Iterator<Item = u32>) {
    let start = out.len();
    out.resize(start + nodes, 0);
    for key in keys {
        out[start + key as usize] += 1;
    }
    let mut sum = base;
    for end in &mut out[start..] {
        sum += *end;
        *end = sum;
    }
}
