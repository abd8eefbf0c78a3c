//! What search knows of one file: the words and the vectors of its definitions.
//!
//! Computed once per blob, when its facts are, and kept beside them. A
//! definition's document is its own text without that of the definitions inside
//! it, so that the documents of a file add up to the file. A definition of
//! several screens gets several vectors.

use rustc_hash::FxHashMap;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::facts::View;
use crate::facts::format::{DefRec, def_flag};
use crate::lang::DefKind;
use crate::text::words;
use crate::vector::{self, Embedder, quantise::Rows};

/// A document.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct DocRec {
    /// The definition, by its place in the facts.
    pub def: u32,
    /// Number of words.
    pub length: u32,
}

/// A word of a file.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct TermRec {
    /// The word's hash.
    pub hash: u64,
    /// Where its entries end.
    pub end: u32,
    /// Always 0.
    pub reserved: u32,
}

/// A word in a document.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct EntryRec {
    /// The document.
    pub doc: u32,
    /// How often in which field, as [`Field::add`] packs it.
    pub times: u32,
}

/// Where in a document a word stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Its text.
    Body,
    /// Its name.
    Name,
    /// The names of what it stands in.
    Container,
    /// Its signature.
    Signature,
    /// Its doc comment.
    Doc,
    /// The path of its file.
    Path,
}

impl Field {
    /// All fields.
    pub const ALL: [Self; 6] = [
        Self::Body,
        Self::Name,
        Self::Container,
        Self::Signature,
        Self::Doc,
        Self::Path,
    ];

    const fn bits(self) -> (u32, u32) {
        match self {
            Self::Body => (0, 10),
            Self::Name => (10, 3),
            Self::Container => (13, 2),
            Self::Signature => (15, 3),
            Self::Doc => (18, 5),
            Self::Path => (23, 3),
        }
    }

    /// How often a word stands in the field.
    pub fn get(self, times: u32) -> u32 {
        let (shift, width) = self.bits();
        times >> shift & ((1 << width) - 1)
    }

    /// One more; a field that is full stays so.
    pub fn add(self, times: u32, more: u32) -> u32 {
        let (shift, width) = self.bits();
        let full = (1 << width) - 1;
        let sum = (self.get(times) + more).min(full);
        times & !(full << shift) | sum << shift
    }

    /// The sum of two, field by field.
    pub fn merge(one: u32, other: u32) -> u32 {
        Self::ALL
            .iter()
            .fold(one, |sum, field| field.add(sum, field.get(other)))
    }
}

/// The hash of a word: what stands for it in an index.
pub fn word_hash(word: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(word)
}

/// Bytes of a chunk that gets a vector.
const CHUNK: usize = 1600;
/// Most chunks of a definition.
const MAX_CHUNKS: usize = 6;
/// A variable of more lines has text of its own.
const SMALL: u32 = 3;
/// Names of inner definitions that a chunk tells.
const MAX_INNER: usize = 60;

#[derive(Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    doc: u32,
}

struct Gather<'a> {
    bytes: &'a [u8],
    facts: &'a View<'a>,
    docs: Vec<DocRec>,
    /// Per definition, its document or that of what is around it.
    doc_of: Vec<u32>,
    ids: FxHashMap<u64, u32>,
    hashes: Vec<u64>,
    /// Term and document in the upper half, times in the lower.
    found: FxHashMap<(u32, u32), u32>,
}

/// The words and vectors of a file, as bytes that [`WordsView::read`] reads.
pub fn gather(
    bytes: &[u8],
    facts: &View<'_>,
    embedder: &dyn Embedder,
) -> Result<Vec<u8>, vector::Error> {
    let mut all = Gather {
        bytes,
        facts,
        docs: Vec::new(),
        doc_of: vec![0; facts.defs.len()],
        ids: FxHashMap::default(),
        hashes: Vec::new(),
        found: FxHashMap::default(),
    };
    let segments = all.documents();
    for segment in &segments {
        all.add(
            segment.doc,
            &bytes[segment.start..segment.end],
            Field::Body,
            true,
        );
    }
    for at in 1..facts.defs.len() {
        all.fields(at);
    }
    let (defs, rows) = all.vectors(&segments, embedder)?;
    Ok(all.to_bytes(&defs, &rows))
}

/// The texts of a file that get vectors, each with its definition.
pub fn texts(bytes: &[u8], facts: &View<'_>) -> (Vec<u32>, Vec<String>) {
    let mut all = Gather {
        bytes,
        facts,
        docs: Vec::new(),
        doc_of: vec![0; facts.defs.len()],
        ids: FxHashMap::default(),
        hashes: Vec::new(),
        found: FxHashMap::default(),
    };
    let segments = all.documents();
    all.texts(&segments)
}

impl Gather<'_> {
    /// Decides which definitions are documents, and cuts the text among them.
    fn documents(&mut self) -> Vec<Span> {
        let mut spans = Vec::new();
        for (at, def) in self.facts.defs.iter().enumerate() {
            self.doc_of[at] = self.doc_of[(def.parent as usize).min(at)];
            let hidden = def.kind == DefKind::TypeParam as u32
                || def.flags & (def_flag::FORWARD | def_flag::ANONYMOUS) != 0
                || self.facts.name(def.name).is_empty() && def.kind != DefKind::Impl as u32;
            if at > 0 && hidden {
                continue;
            }
            let doc = self.docs.len() as u32;
            self.docs.push(DocRec {
                def: at as u32,
                length: 0,
            });
            self.doc_of[at] = doc;
            if at > 0 && !is_small(def) {
                let end = (def.end as usize).min(self.bytes.len());
                let start = (def.start as usize).min(end);
                let start = if def.doc_len > 0 {
                    comment_start(self.bytes, start)
                } else {
                    start
                };
                spans.push(Span { start, end, doc });
            }
        }
        spans.sort_unstable_by_key(|span| (span.start, usize::MAX - span.end, span.doc));
        cut(&spans, self.bytes.len())
    }

    fn add(&mut self, doc: u32, text: &[u8], field: Field, counts: bool) {
        let mut length = 0;
        words(text, |_, word| {
            length += 1;
            let hash = word_hash(word);
            let hashes = &mut self.hashes;
            let id = *self.ids.entry(hash).or_insert_with(|| {
                hashes.push(hash);
                hashes.len() as u32 - 1
            });
            let times = self.found.entry((id, doc)).or_default();
            *times = field.add(*times, 1);
        });
        if counts {
            self.docs[doc as usize].length += length;
        }
    }

    fn fields(&mut self, at: usize) {
        let facts = self.facts;
        let def = &facts.defs[at];
        let doc = self.doc_of[at];
        if self.docs[doc as usize].def as usize != at {
            return;
        }
        let name = facts.name(def.name);
        self.add(doc, name, Field::Name, false);
        let signature = facts.text(def.signature, def.signature_len);
        self.add(doc, signature, Field::Signature, is_small(def));
        self.add(
            doc,
            facts.text(def.doc, def.doc_len),
            Field::Doc,
            is_small(def),
        );
        let mut around = def.parent as usize;
        for _ in 0..4 {
            if around == 0 {
                break;
            }
            self.add(
                doc,
                facts.name(facts.defs[around].name),
                Field::Container,
                false,
            );
            around = facts.defs[around].parent as usize;
        }
        if def.owner_name != crate::facts::format::NONE {
            self.add(doc, facts.name(def.owner_name), Field::Container, false);
        }
        // What stands inside is part of what something is.
        let outer = self.doc_of[def.parent as usize];
        if !is_small(def) && outer != doc {
            self.add(outer, name, Field::Body, true);
        }
    }

    /// The vectors of the documents, each with its definition.
    fn vectors(
        &self,
        segments: &[Span],
        embedder: &dyn Embedder,
    ) -> Result<(Vec<u32>, Rows), vector::Error> {
        let (defs, texts) = self.texts(segments);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut rows = Rows::new(embedder.id().dims);
        for vector in embedder.embed(&texts)? {
            rows.push(&vector)?;
        }
        Ok((defs, rows))
    }

    /// The texts of the documents, each with its definition.
    fn texts(&self, segments: &[Span]) -> (Vec<u32>, Vec<String>) {
        let mut own: Vec<Vec<u8>> = vec![Vec::new(); self.docs.len()];
        let limit = |doc: u32| if doc == 0 { CHUNK } else { CHUNK * MAX_CHUNKS };
        for segment in segments {
            let text = &mut own[segment.doc as usize];
            let room = limit(segment.doc).saturating_sub(text.len());
            let end = segment.end.min(segment.start + room);
            text.extend_from_slice(&self.bytes[segment.start..end]);
        }
        let mut inner: Vec<(usize, Vec<u8>)> = vec![(0, Vec::new()); self.docs.len()];
        for (at, def) in self.facts.defs.iter().enumerate().skip(1) {
            let outer = self.doc_of[def.parent as usize] as usize;
            let own = self.docs[self.doc_of[at] as usize].def as usize == at;
            let (count, names) = &mut inner[outer];
            if own && !is_small(def) && *count < MAX_INNER {
                *count += 1;
                names.push(b' ');
                names.extend_from_slice(self.facts.name(def.name));
            }
        }
        let (mut defs, mut texts) = (Vec::new(), Vec::new());
        for (doc, record) in self.docs.iter().enumerate() {
            let def = &self.facts.defs[record.def as usize];
            let small = record.def > 0 && is_small(def) && def.doc_len == 0;
            if small || def.kind == DefKind::Impl as u32 {
                continue;
            }
            let mut head = self.facts.name(def.name).to_vec();
            head.push(b' ');
            head.extend_from_slice(self.facts.name(self.facts.defs[def.parent as usize].name));
            head.extend_from_slice(&inner[doc].1);
            head.push(b'\n');
            if own[doc].is_empty() {
                head.extend_from_slice(self.facts.text(def.signature, def.signature_len));
                head.push(b'\n');
                head.extend_from_slice(self.facts.text(def.doc, def.doc_len));
            }
            for chunk in chunks(&own[doc]) {
                let text = [&head, chunk].concat();
                defs.push(record.def);
                texts.push(String::from_utf8_lossy(&text).into_owned());
            }
        }
        (defs, texts)
    }

    fn to_bytes(&self, defs: &[u32], rows: &Rows) -> Vec<u8> {
        let mut order: Vec<(u64, u32, u32)> = self
            .found
            .iter()
            .map(|((term, doc), times)| (self.hashes[*term as usize], *doc, *times))
            .collect();
        order.sort_unstable();
        let mut terms: Vec<TermRec> = Vec::with_capacity(self.hashes.len());
        let mut entries = Vec::with_capacity(order.len());
        for run in order.chunk_by(|one, other| one.0 == other.0) {
            entries.extend(run.iter().map(|&(_, doc, times)| EntryRec { doc, times }));
            terms.push(TermRec {
                hash: run[0].0,
                end: entries.len() as u32,
                reserved: 0,
            });
        }
        let rows = rows.view();
        let head = [
            terms.len() as u32,
            entries.len() as u32,
            self.docs.len() as u32,
            defs.len() as u32,
            rows.dims() as u32,
            0,
        ];
        let mut out = Vec::new();
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(terms.as_bytes());
        out.extend_from_slice(entries.as_bytes());
        out.extend_from_slice(self.docs.as_bytes());
        out.extend_from_slice(defs.as_bytes());
        out.extend_from_slice(rows.scales().as_bytes());
        out.extend_from_slice(rows.codes().as_bytes());
        out
    }
}

/// Whether a definition is a line or two inside its surroundings' text.
fn is_small(def: &DefRec) -> bool {
    matches!(def.kind, kind if kind == DefKind::Variable as u32 || kind == DefKind::TypeAlias as u32)
        && def.end_line.saturating_sub(def.start_line) < SMALL
}

/// Where the comment above `at` begins.
fn comment_start(bytes: &[u8], at: usize) -> usize {
    let line_start = |at: usize| {
        bytes[..at]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |n| n + 1)
    };
    let mut found = line_start(at);
    if !bytes[found..at].trim_ascii().is_empty() {
        return at;
    }
    while found > 0 {
        let above = line_start(found - 1);
        let line = bytes[above..found].trim_ascii();
        if !line.first().is_some_and(|byte| b"/*#@-".contains(byte)) {
            break;
        }
        found = above;
    }
    found.min(at)
}

/// Cuts `0..len` into pieces that belong to the innermost span around them.
fn cut(spans: &[Span], len: usize) -> Vec<Span> {
    let mut out = Vec::new();
    let mut stack = vec![(0_u32, len)];
    let mut at = 0;
    let mut put = |doc: u32, start: usize, end: usize| {
        if start < end {
            out.push(Span { start, end, doc });
        }
    };
    for span in spans {
        while stack.len() > 1 && stack[stack.len() - 1].1 <= span.start {
            let (doc, end) = stack[stack.len() - 1];
            put(doc, at, end);
            at = at.max(end);
            stack.pop();
        }
        let (doc, end) = stack[stack.len() - 1];
        let start = span.start.max(at);
        put(doc, at, start);
        at = start;
        stack.push((span.doc, span.end.min(end)));
    }
    while let Some((doc, end)) = stack.pop() {
        put(doc, at, end);
        at = at.max(end);
    }
    out
}

/// A text in pieces of whole lines; one empty piece of an empty text.
fn chunks(text: &[u8]) -> Vec<&[u8]> {
    let mut out = Vec::new();
    let mut rest = text;
    while rest.len() > CHUNK + CHUNK / 4 {
        let end = rest[..CHUNK]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .filter(|at| *at > CHUNK / 2)
            .unwrap_or(CHUNK);
        out.push(&rest[..end]);
        rest = &rest[end..];
    }
    out.push(rest);
    out
}

/// The words and vectors of a file, read in place.
#[derive(Clone, Copy, Debug)]
pub struct WordsView<'a> {
    /// The words, by hash.
    pub terms: &'a [TermRec],
    /// Where they stand, word after word.
    pub entries: &'a [EntryRec],
    /// The documents.
    pub docs: &'a [DocRec],
    /// The definition of each vector.
    pub vector_defs: &'a [u32],
    /// The vectors' scales.
    pub scales: &'a [f32],
    /// The vectors' numbers.
    pub codes: &'a [i8],
}

impl<'a> WordsView<'a> {
    /// Reads what [`gather`] wrote for a file of `defs` definitions; `None`
    /// where the bytes are nothing of the kind.
    pub fn read(bytes: &'a [u8], defs: usize) -> Option<Self> {
        fn take<'a, T: FromBytes + Immutable + KnownLayout>(
            rest: &mut &'a [u8],
            count: usize,
        ) -> Option<&'a [T]> {
            let size = count.checked_mul(size_of::<T>())?;
            let (found, after) = rest.split_at_checked(size)?;
            *rest = after;
            <[T]>::ref_from_bytes(found).ok()
        }
        let mut rest = bytes;
        let head: &[u32] = take(&mut rest, 6)?;
        let count = |at: usize| head[at] as usize;
        let view = Self {
            terms: take(&mut rest, count(0))?,
            entries: take(&mut rest, count(1))?,
            docs: take(&mut rest, count(2))?,
            vector_defs: take(&mut rest, count(3))?,
            scales: take(&mut rest, count(3))?,
            codes: take(&mut rest, count(3).checked_mul(count(4))?)?,
        };
        let sound = view
            .terms
            .is_sorted_by(|one, other| one.hash < other.hash && one.end <= other.end)
            && view.terms.last().map_or(0, |term| term.end as usize) == view.entries.len()
            && view
                .entries
                .iter()
                .all(|entry| (entry.doc as usize) < view.docs.len())
            && view.docs.iter().all(|doc| (doc.def as usize) < defs)
            && view.vector_defs.iter().all(|def| (*def as usize) < defs);
        sound.then_some(view)
    }

    /// The terms at `range`, each with its hash and entries.
    pub fn runs(
        &self,
        range: std::ops::Range<usize>,
    ) -> impl Iterator<Item = (u64, &'a [EntryRec])> {
        let (terms, entries) = (self.terms, self.entries);
        let mut start = match range.start {
            0 => 0,
            at => terms[at - 1].end as usize,
        };
        terms[range].iter().map(move |term| {
            let own = &entries[start..term.end as usize];
            start = term.end as usize;
            (term.hash, own)
        })
    }
}
